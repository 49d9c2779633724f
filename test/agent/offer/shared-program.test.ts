import { describe, expect, it } from 'vitest';
import { shareProgram } from '../../../src/agent/offer/shared-program.ts';
import { openBytes } from '../../support/staging.ts';

const FILE = Uint8Array.of(1, 2, 3, 4);

describe('a shared program', () => {
  it('is the same file for every borrower', async () => {
    const program = openBytes(FILE);
    const borrowed = shareProgram(program).lend();
    expect({ ...borrowed }).toMatchObject({ path: program.path, sizeBytes: 4, identity: program.identity });
    const pieces: Uint8Array[] = [];
    for await (const piece of borrowed.read(1)) pieces.push(piece);
    expect(pieces).toEqual([Uint8Array.of(2, 3, 4)]);
  });

  it('stays open as long as it is shared, whoever gives it back', async () => {
    const program = openBytes(FILE);
    const shared = shareProgram(program);
    await shared.lend().close();
    expect(program.closed).toBe(false);
    await shared.retire();
    expect(program.closed).toBe(true);
  });

  it('once retired, is closed by the last borrower', async () => {
    const program = openBytes(FILE);
    const shared = shareProgram(program);
    const [first, second] = [shared.lend(), shared.lend()];
    await shared.retire();
    await first.close();
    expect(program.closed).toBe(false);
    await second.close();
    expect(program.closed).toBe(true);
  });

  it('is not closed early by a borrower who gives it back twice', async () => {
    const program = openBytes(FILE);
    const shared = shareProgram(program);
    const [first, second] = [shared.lend(), shared.lend()];
    await first.close();
    await first.close();
    await shared.retire();
    expect(program.closed).toBe(false);
    await second.close();
    expect(program.closed).toBe(true);
  });
});

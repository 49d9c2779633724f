import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { readImage } from '../../../src/io/delta/shared-file.ts';
import { openProgram } from '../../../src/io/files/open-program.ts';
import type { OpenProgram } from '../../../src/ports/program.ts';
import { failure, filler } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

async function readAll(program: OpenProgram, from?: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of program.read(from)) pieces.push(piece.slice());
  return concatBytes(...pieces);
}

describe('an open program', () => {
  const folder = useTempFolder();
  const content = filler(1_500_000, 3);

  it('is read whole, in several pieces, and from any offset', async () => {
    writeFileSync(folder.join('app'), content);
    const program = await openProgram(folder.join('app'));
    try {
      expect(program.sizeBytes).toBe(content.length);
      expect(Buffer.compare(await readAll(program), content)).toBe(0);
      expect(Buffer.compare(await readAll(program, 1_000_001), content.slice(1_000_001))).toBe(0);
      expect(await readAll(program, content.length)).toHaveLength(0);
    } finally {
      await program.close();
    }
  });

  it('stays what it was when the path gets another file', async () => {
    writeFileSync(folder.join('app'), content);
    const program = await openProgram(folder.join('app'));
    try {
      writeFileSync(folder.join('next'), 'the next program');
      renameSync(folder.join('next'), folder.join('app'));
      expect(Buffer.compare(await readAll(program), content)).toBe(0);
    } finally {
      await program.close();
    }
  });

  it('is no named pipe, which would have it wait for ever: refused at once', async () => {
    execFileSync('mkfifo', [folder.join('pipe')]);
    await expect(openProgram(folder.join('pipe'))).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    const reading = readImage({ path: folder.join('pipe'), stampOffset: undefined });
    await expect(reading).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });

  it('names the file behind a link', async () => {
    writeFileSync(folder.join('app-1.0'), content);
    symlinkSync('app-1.0', folder.join('app'));
    const program = await openProgram(folder.join('app'));
    await program.close();
    expect(program.path).toBe(folder.join('app-1.0'));
  });

  it('can be read by several at once', async () => {
    writeFileSync(folder.join('app'), content);
    const program = await openProgram(folder.join('app'));
    try {
      const all = await Promise.all([readAll(program), readAll(program, 5), readAll(program)]);
      expect(all.map(({ length }) => length)).toEqual([content.length, content.length - 5, content.length]);
    } finally {
      await program.close();
    }
  });

  it('can be left in the middle, and closed twice', async () => {
    writeFileSync(folder.join('app'), content);
    const program = await openProgram(folder.join('app'));
    for await (const piece of program.read()) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await program.close();
    await program.close();
  });

  it('PROGRAM_UNREADABLE: closed while it is read', async () => {
    writeFileSync(folder.join('app'), content);
    const program = await openProgram(folder.join('app'));
    await program.close();
    await expect(readAll(program)).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });

  it('PROGRAM_UNREADABLE: a read ahead that fails while the reader is busy is told to the reader alone', async () => {
    writeFileSync(folder.join('app'), content);
    const program = await openProgram(folder.join('app'));
    let pieces = 0;
    const reading = (async () => {
      for await (const piece of program.read()) {
        expect(piece.length).toBeGreaterThan(0);
        if (++pieces === 1) await program.close();
        // Turns of the loop in which an unhandled rejection would end the process.
        else for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await expect(reading).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    expect(pieces).toBe(2);
  });

  it('PROGRAM_UNREADABLE: missing, a folder, a dangling link', async () => {
    mkdirSync(folder.join('folder'));
    symlinkSync('nowhere', folder.join('link'));
    for (const name of ['missing', 'folder', 'link', 'folder/missing']) {
      await expect(openProgram(folder.join(name))).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    }
  });

  it('PROGRAM_UNREADABLE: larger than any program', async () => {
    writeFileSync(folder.join('app'), '');
    truncateSync(folder.join('app'), 4 * 1024 ** 3 + 1); // takes no space
    await expect(openProgram(folder.join('app'))).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });

  it.runIf(HAS_MODES && process.getuid?.() !== 0)('PROGRAM_UNREADABLE: no permission', async () => {
    writeFileSync(folder.join('app'), content);
    chmodSync(folder.join('app'), 0);
    await expect(openProgram(folder.join('app'))).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });
});

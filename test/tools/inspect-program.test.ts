import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha512Half } from '../../src/core/crypto/hash.ts';
import { decodeStatement } from '../../src/core/statement/dictionary.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../src/testing/sample-program.ts';
import { inspectProgram } from '../../src/tools/inspect-program.ts';
import { elfWithoutRegion, failure, filler, insert, OWNER, UNSIGNED } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

describe('inspectProgram', () => {
  const folder = useTempFolder();
  const inspect = (bytes: Uint8Array): ReturnType<typeof inspectProgram> => {
    writeFileSync(folder.join('app'), bytes);
    return inspectProgram(folder.join('app'));
  };

  it('shows what a signed program says, and what it is', async () => {
    const { file, release, regionOffset } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
    expect(await inspect(file)).toEqual({
      path: folder.join('app'),
      version: '1.4.0',
      isSigned: true,
      hash: release.hash,
      sizeBytes: release.sizeBytes,
      signature: release.signature,
      offset: regionOffset,
      fileBytes: 10_000,
      measuredHash: release.hash,
      measuredBytes: release.sizeBytes,
      boundBy: 'anchor',
      stampOffset: regionOffset - 1104,
      statement: undefined,
    });
  });

  it('shows a program that is not signed', async () => {
    expect(await inspect(insert(filler(100), UNSIGNED, 40))).toMatchObject({
      version: '1.2.3',
      isSigned: false,
      sizeBytes: 0,
      offset: 40,
      measuredBytes: 100,
      measuredHash: sha512Half(filler(100)),
      boundBy: 'none',
    });
  });

  it('shows a program that was changed after signing: it verifies nothing', async () => {
    const { file, release } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
    const { hash, measuredHash } = await inspect(file.with(0, 0));
    expect(hash).toEqual(release.hash);
    expect(measuredHash).not.toEqual(release.hash);
  });

  it('shows the statement, right or wrong', async () => {
    const { file, statement } = signSampleStatement(sampleProgram({ version: '1.4.0' }), OWNER, {
      mirrors: ['https://example.com'],
    });
    const { item } = statement;
    const fields = decodeStatement(item.value);
    const at = fields.stampOffset;
    expect((await inspect(file)).statement).toEqual({ fields, problem: undefined, item });
    // What it says is not what it said: only a verifier notices.
    expect((await inspect(file.with(at + 20, 0))).statement?.fields).toEqual(fields);
    const noDictionary = await inspect(file.with(at + 74, 0x6c));
    expect(noDictionary.statement).toMatchObject({ fields: undefined, item: { seq: 1n } });
    expect(noDictionary.statement?.problem).toMatch(/^STATEMENT_MALFORMED: /);
    const noBlock = await inspect(file.with(at + 1103, 1));
    expect(noBlock.statement).toMatchObject({ fields: undefined, item: undefined });
    expect(noBlock.statement?.problem).toMatch(/^STAMP_MALFORMED: /);
  });

  it('says what holds the region: a section', async () => {
    expect((await inspect(insert(elfWithoutRegion(), UNSIGNED, 300))).boundBy).toBe('section');
  });

  it.each([
    ['STAMP_MISSING', filler(500)],
    ['STAMP_MALFORMED', UNSIGNED.slice(0, 100)],
  ] as const)('%s', async (code, bytes) => {
    await expect(inspect(bytes)).rejects.toEqual(failure(code));
  });
});

import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspectCommand } from '../../src/cli/commands/inspect.ts';
import { toHex } from '../../src/index.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../src/testing/sample-program.ts';
import { cli } from '../support/cli.ts';
import { filler, insert, OWNER, UNSIGNED, V0, V0_FILE } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

describe('peerpatch inspect', () => {
  const folder = useTempFolder();
  const inspect = (bytes: Uint8Array, ...args: readonly string[]): ReturnType<typeof cli> => {
    writeFileSync(folder.join('app'), bytes);
    return cli(inspectCommand, ['inspect', folder.join('app'), ...args]);
  };

  it('--json: version, size, hash, signature, offset; all hex or number', async () => {
    expect((await inspect(V0_FILE, '--json')).json()).toEqual({
      path: folder.join('app'),
      version: V0.stamp.version,
      signed: true,
      size: V0.stamp.signedLength,
      hash: V0.stamp.hash,
      signature: V0.stamp.signature,
      offset: V0.stamp.regionOffset,
      fileBytes: V0.stamp.fileLength,
      intact: true,
      boundBy: 'none',
    });
  });

  it('shows every field of the statement, for people and programs', async () => {
    const { file, statement } = signSampleStatement(sampleProgram({ version: '1.4.0' }), OWNER, {
      seq: 2n ** 62n,
      version: '1.4.0-rc.1',
      issuedAt: 1_790_000_000,
      expiresAt: 1_800_000_000,
      lowestVersion: '1.0.0',
      isCritical: true,
      rollout: { percent: 25, startsAt: 1_790_000_000, rampSeconds: 60 },
      deltas: [{ fromRoot: new Uint8Array(32).fill(1), sizeBytes: 1234, root: new Uint8Array(32).fill(2) }],
      mirrors: ['https://example.com/updates'],
      notesUrl: 'https://example.com/notes',
      speaksV0: true,
    });
    const { out } = await inspect(file);
    const lines = out.split('\n').slice(5, -1);
    expect(lines).toEqual([
      '',
      `statement  at ${statement.stampOffset}`,
      'sequence   4611686018427387904',
      `signature  ${toHex(statement.item.signature)}`,
      'app        sample',
      'target     linux-x64',
      'channel    stable',
      'release    1.4.0-rc.1',
      `root       ${toHex(statement.root)}`,
      'issued     2026-09-21T14:13:20Z',
      'expires    2027-01-15T08:00:00Z',
      'lowest     1.0.0',
      'critical   yes',
      'rollout    25 % from 2026-09-21T14:13:20Z, reached in 60 s',
      `delta      1234 bytes from ${'01'.repeat(32)}, root ${'02'.repeat(32)}`,
      'mirror     https://example.com/updates',
      'notes      https://example.com/notes',
      'speaks v0  yes',
    ]);
    expect((await inspect(file, '--json')).json()).toMatchObject({
      stampOffset: statement.stampOffset,
      statement: {
        seq: '4611686018427387904',
        signature: toHex(statement.item.signature),
        app: 'sample',
        version: '1.4.0-rc.1',
        root: toHex(statement.root),
        expiresAt: 1_800_000_000,
        rollout: { percent: 25, startsAt: 1_790_000_000, rampSeconds: 60 },
        deltas: [{ fromRoot: '01'.repeat(32), sizeBytes: 1234, root: '02'.repeat(32) }],
        mirrors: ['https://example.com/updates'],
      },
    });
  });

  it('says that there is room for a statement, and what is wrong with one', async () => {
    const { file } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
    expect((await inspect(file)).out).toContain('statement  none, room for it at 4370');
    const stated = signSampleStatement(sampleProgram({ version: '1.4.0' }), OWNER).file;
    const damaged = stated.with(4370 + 74, 0x6c);
    expect((await inspect(damaged)).out).toContain('statement  STATEMENT_MALFORMED: ');
    expect((await inspect(damaged, '--json')).json()).toMatchObject({ statement: { seq: '1' } });
  });

  it('says what holds the region, or that nothing does', async () => {
    const { file } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
    expect((await inspect(file)).out).toContain('held in its place by the anchor');
    expect((await inspect(V0_FILE)).out).toContain('not bound to its place');
  });

  it('says that a program is not signed', async () => {
    const run = await inspect(insert(filler(100), UNSIGNED, 50));
    expect(run.code).toBe(0);
    expect(run.out).toContain('1.2.3   not signed');
  });

  it('says that a program was changed after signing', async () => {
    const { file, release } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
    const { code, out } = await inspect(file.with(0, 0));
    expect(code).toBe(0);
    expect(out).toContain(`${toHex(release.hash)}   not the hash of these bytes`);
  });

  it('ends with 1 for a file without a region', async () => {
    const { code, out, err } = await inspect(filler(1000));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^STAMP_MISSING: /);
  });
});

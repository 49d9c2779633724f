import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { isReleaseId, releaseIdOf } from '../../../src/core/install/release-id.ts';
import { encodeReleaseRegion } from '../../../src/core/release/region.ts';
import { sampleProgram, signSample } from '../../../src/testing/sample-program.ts';
import { OWNER } from '../../support/stamp-samples.ts';
import { signedSample } from '../../support/statement-samples.ts';

const { release } = signSample(sampleProgram({ version: '1.0.0', sizeBytes: 20_000 }), OWNER);

describe('the id of a release', () => {
  it('is SHA-256 of the region where there is no statement', () => {
    const id = releaseIdOf({ release, statement: undefined });
    expect(id).toBe(toHex(sha256(encodeReleaseRegion(release))));
    expect(isReleaseId(id)).toBe(true);
  });

  it('is SHA-256 of root and version of a statement, whatever the region says', () => {
    const statement = signedSample();
    const id = releaseIdOf({ release, statement });
    expect(id).toBe(toHex(sha256(Buffer.concat([statement.root, Buffer.from(statement.version)]))));
    expect(id).not.toBe(releaseIdOf({ release, statement: undefined }));
  });

  it('stays when the same program is signed again, and is another one for another version of it', () => {
    const once = signedSample({}, 7n);
    const again = signedSample({ isCritical: true }, 8n);
    expect(releaseIdOf({ release, statement: again })).toBe(releaseIdOf({ release, statement: once }));
    const promoted = signedSample({ version: '9.9.9' });
    expect(releaseIdOf({ release, statement: promoted })).not.toBe(releaseIdOf({ release, statement: once }));
  });

  it('tells two programs of one version apart', () => {
    const other = signSample(sampleProgram({ version: '1.0.0', sizeBytes: 20_000, seed: 1 }), OWNER).release;
    expect(releaseIdOf({ release: other, statement: undefined })).not.toBe(
      releaseIdOf({ release, statement: undefined }),
    );
  });

  it.each(['', 'a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), `${'a'.repeat(63)}/`, `${'a'.repeat(64)}\n`])(
    'is not: %j',
    (text) => {
      expect(isReleaseId(text)).toBe(false);
    },
  );
});

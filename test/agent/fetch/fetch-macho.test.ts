import { expect, it } from 'vitest';
import { createCanonicalizer } from '../../../src/core/codesign/image.ts';
import { createContentMeasure } from '../../../src/core/content/measure-content.ts';
import { encodeReleaseRegion, encodeUnsignedRegion } from '../../../src/core/release/region.ts';
import { signRelease } from '../../../src/core/release/release.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { fetchScene, send } from '../../support/fetch-scene.ts';
import { machOProgram, signedAdHoc, withPageHashes } from '../../support/macho-samples.ts';
import { failure, measureFile } from '../../support/stamp-samples.ts';
import { frameOf, OWNER, type SampleProgram } from '../../support/transfer-samples.ts';

const REGION_AT = 9000;
const SIGNATURE_AT = 21_392;

function signedProgram(): SampleProgram {
  const built = machOProgram();
  built.set(encodeUnsignedRegion(parseVersion('1.1.0')), REGION_AT);
  const file = signedAdHoc(built);
  const release = signRelease(OWNER, parseVersion('1.1.0'), measureFile(file));
  file.set(encodeReleaseRegion(release), REGION_AT);
  return { file: withPageHashes(file), release, regionOffset: REGION_AT };
}

it('takes a whole Mach-O program whose page hashes fit', async () => {
  const { file, release } = signedProgram();
  const { fetch, store } = fetchScene(send(frameOf({ file, release, regionOffset: REGION_AT })));
  await fetch({ release });
  expect(store.staged[0]?.bytes).toEqual(file);
});

it('computes the root where a statement is to be compared, with or without its page hashes', async () => {
  const { file, release } = signedProgram();
  const name = (file: Uint8Array) => ({ file, release, regionOffset: REGION_AT });
  const { fetch } = fetchScene(send(frameOf(name(file))));
  const { root } = await fetch({ release, stampOffset: 8000 });
  const content = createContentMeasure('image');
  content.update(createCanonicalizer(8000).update(file));
  expect(root).toEqual(content.finish().root);
  expect((await fetchScene(send(frameOf(name(file)))).fetch({ release })).root).toBeUndefined();
  // What neither the release's hash nor the pages cover.
  const renamed = file.with(SIGNATURE_AT + 20 + 88, 0x53);
  const other = await fetchScene(send(frameOf(name(renamed)))).fetch({ release, stampOffset: 8000 });
  expect(other.root).not.toEqual(root);
});

it.each([
  ['a page hash', SIGNATURE_AT + 20 + 88 + 7 + 33],
  ['the header of the signature', SIGNATURE_AT + 1],
  ['the number of pages', SIGNATURE_AT + 20 + 31],
])('CODE_SIGNATURE_INVALID: a peer that changes %s, which no owner signs', async (_name, at) => {
  const { file, release } = signedProgram();
  const { fetch, store } = fetchScene(
    send(frameOf({ file: file.with(at, (file[at] ?? 0) ^ 1), release, regionOffset: REGION_AT })),
  );
  await expect(fetch({ release })).rejects.toEqual(failure('CODE_SIGNATURE_INVALID'));
  expect(store.staged[0]?.discarded).toBe(true);
});

it('RELEASE_MISMATCH: a page that was changed together with its hash', async () => {
  const { file, release } = signedProgram();
  const { fetch } = fetchScene(
    send(frameOf({ file: withPageHashes(file.with(12_000, 1)), release, regionOffset: REGION_AT })),
  );
  await expect(fetch({ release })).rejects.toEqual(failure('RELEASE_MISMATCH'));
});

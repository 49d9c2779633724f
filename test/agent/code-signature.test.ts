import { describe, expect, it } from 'vitest';
import { readCodeSignature } from '../../src/agent/code-signature.ts';
import { imagePlaces } from '../../src/agent/image-places.ts';
import { indexContent } from '../../src/agent/offer/indexed-content.ts';
import { measureImage } from '../../src/agent/measure-image.ts';
import { findPlaces } from '../../src/core/codesign/image.ts';
import { edited, machOProgram, signedAdHoc, STAMP_AT } from '../support/macho-samples.ts';
import { openBytes } from '../support/staging.ts';
import { failure, filler, machOHead } from '../support/stamp-samples.ts';

const SIGNED = signedAdHoc(machOProgram({ version: '1.0.0' }));
const STAMP_OFFSET = STAMP_AT + 20;

describe('the code signature of a program file', () => {
  it('is read with its pages, and told how far that is', async () => {
    const told: number[] = [];
    const onProgress = (bytes: number): void => void told.push(bytes);
    expect(await readCodeSignature(openBytes(SIGNED, 5000), { onProgress })).toMatchObject({ wrongPages: [] });
    expect(told.at(-1)).toBe(SIGNED.length);
  });

  it('is not looked for behind the first piece of a file that cannot have one', async () => {
    const told: number[] = [];
    const onProgress = (bytes: number): void => void told.push(bytes);
    expect(await readCodeSignature(openBytes(filler(90_000), 5000), { onProgress })).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('CODE_SIGNATURE_INVALID where it is missing, CANCELLED on request', async () => {
    await expect(readCodeSignature(openBytes(machOProgram()))).rejects.toEqual(failure('CODE_SIGNATURE_INVALID'));
    const signal = AbortSignal.abort();
    await expect(readCodeSignature(openBytes(SIGNED), { signal })).rejects.toEqual(failure('CANCELLED'));
  });
});

describe('what is zero in the image of a program file', () => {
  it('is found where it is in memory', async () => {
    const places = findPlaces(SIGNED, STAMP_OFFSET);
    expect(places).toHaveLength(2);
    expect(await imagePlaces(openBytes(SIGNED), STAMP_OFFSET)).toEqual(places);
  });

  const stampAlone = findPlaces(filler(10), STAMP_OFFSET);
  it.each([
    ['no program', filler(5000)],
    ['an empty file', new Uint8Array()],
    ['a program without a code signature', machOProgram()],
    ['a program with that of a certificate', edited(SIGNED, [[21_392 + 32, 0]])],
    ['a program whose signature cannot be read', SIGNED.with(21_392, 0)],
    ['a program that is cut off', SIGNED.subarray(0, 21_400)],
    ['a head that says more than there is', machOHead({ codeSignature: { offset: 4_000_000_000, sizeBytes: 16 } })],
  ])('is the stamp alone in %s', async (_name, file) => {
    expect(await imagePlaces(openBytes(file), STAMP_OFFSET)).toEqual(stampAlone);
  });

  it('is nothing in a content that is no program', async () => {
    expect(await imagePlaces(openBytes(SIGNED), undefined)).toEqual([]);
  });

  it('is zero in the chunks that are handed out', async () => {
    const file = openBytes(SIGNED);
    const manifest = await measureImage(file, STAMP_OFFSET);
    const content = indexContent({ file, stampOffset: STAMP_OFFSET }, manifest);
    for (let index = 0; index < manifest.count; index++) {
      const hash = manifest.hashAt(index);
      expect(await content.read('chunk', hash)).toHaveLength(manifest.lengthAt(index)); // compared with the hash
    }
  });
});

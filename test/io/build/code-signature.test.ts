import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { signatureIdentifier } from '../../../src/core/codesign/header.ts';
import { addCodeSignature } from '../../../src/io/build/code-signature.ts';
import { machOProgram, signedAdHoc, watched } from '../../support/macho-samples.ts';
import { elfWithoutRegion, failure } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

describe('addCodeSignature', () => {
  const folder = useTempFolder();
  const put = (bytes: Uint8Array): string => {
    writeFileSync(folder.join('app'), bytes);
    return folder.join('app');
  };
  const read = (): Uint8Array => new Uint8Array(readFileSync(folder.join('app')));

  it.each([0, 700_000])('signs a program whose last segment has %d bytes more than 5001', async (more) => {
    const program = machOProgram({ linkEditBytes: 5001 + more });
    expect(await addCodeSignature(put(program), 'demo')).toBe(true);
    expect(read()).toEqual(signedAdHoc(program, 'demo'));
    expect(watched(read())?.wrongPages).toEqual([]);
  });

  it('replaces a longer one, and one that does not fit', async () => {
    const signed = signedAdHoc(machOProgram(), 'a-name-that-is-longer');
    await addCodeSignature(put(signed.with(9000, 1)), 'demo');
    expect(watched(read())).toMatchObject({ identifier: 'demo', wrongPages: [] });
    expect(read().length).toBeLessThan(signed.length);
  });

  it.each([
    ['ELF', elfWithoutRegion()],
    ['no program', new Uint8Array(10)],
    ['an empty file', new Uint8Array()],
  ])('leaves other files as they are: %s', async (_name, bytes) => {
    expect(await addCodeSignature(put(bytes), 'demo')).toBe(false);
    expect(read()).toEqual(bytes);
  });

  it('CODE_SIGNATURE_INVALID for a program without room, which stays as it is', async () => {
    const program = machOProgram({ firstSection: 264 });
    await expect(addCodeSignature(put(program), 'demo')).rejects.toEqual(failure('CODE_SIGNATURE_INVALID'));
    expect(read()).toEqual(program);
  });

  it('stops on request', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(addCodeSignature(put(machOProgram()), 'demo', signal)).rejects.toThrow('enough');
  });
});

it.each([
  ['app', 'app'],
  ['@scope/app', 'scope.app'],
  ['my app.ts', 'my.app.ts'],
  ['x'.repeat(300), 'x'.repeat(200)],
  ['@', 'program'],
])('the program %s calls itself %s', (name, identifier) => {
  expect(signatureIdentifier(name)).toBe(identifier);
});

import { describe, expect, it } from 'vitest';
import { createLibrary } from '../../../src/agent/offer/library.ts';
import { shelve } from '../../../src/agent/offer/shelving.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { statementNameHash } from '../../../src/core/statement/statement.ts';
import { brotli } from '../../../src/io/system/brotli.ts';
import { MemoryDeltas } from '../../../src/testing/memory-deltas.ts';
import { sampleProgram, signSampleStatement, type StatedSample } from '../../../src/testing/sample-program.ts';
import { OWNER } from '../../support/record-samples.ts';
import { openBytes } from '../../support/staging.ts';

function sample(seq: bigint): StatedSample {
  return signSampleStatement(sampleProgram({ version: '1.0.0', seed: Number(seq) }), OWNER, { seq });
}
const [five, six, seven] = [sample(5n), sample(6n), sample(7n)];
const NAME_HASH = statementNameHash(six.statement);

function shelf() {
  const library = createLibrary({
    compression: brotli,
    onError: (error) => {
      throw error;
    },
  });
  const put = (release: StatedSample): Promise<() => Promise<void>> =>
    shelve({ library, deltas: new MemoryDeltas(), release, program: openBytes(release.file) });
  return { library, put };
}

describe('a release that is put into the library', () => {
  it('has its statement handed out for its name and for its file, until the next one takes its place', async () => {
    const { library, put } = shelf();
    const take = await put(five);
    expect(library.statement(NAME_HASH)).toEqual(encodeSignedItem(five.statement.item));
    expect(library.statement(five.release.hash)).toEqual(encodeSignedItem(five.statement.item));
    await put(six);
    await take();
    expect(library.statement(NAME_HASH)).toEqual(encodeSignedItem(six.statement.item));
    expect(library.statement(five.release.hash)).toBeUndefined();
    expect(library.statement(six.release.hash)).toEqual(encodeSignedItem(six.statement.item));
  });

  it('leaves a newer statement of its name where it is', async () => {
    const { library, put } = shelf();
    library.setStatement(NAME_HASH, encodeSignedItem(seven.statement.item));
    await put(six);
    expect(library.statement(NAME_HASH)).toEqual(encodeSignedItem(seven.statement.item));
    expect(library.statement(six.release.hash)).toEqual(encodeSignedItem(six.statement.item));
  });

  it('has its file handed out still when it is put in twice and taken out once', async () => {
    const { library, put } = shelf();
    const take = await put(six);
    await put(six);
    await take();
    expect(library.statement(six.release.hash)).toEqual(encodeSignedItem(six.statement.item));
  });
});

/**
 * What ends a reader of slots, or keeps a publisher from its slot, in distributed-topic-tracker: shown to be so, since
 * docs/spec/05-record.md says that we never put it and never keep it for others.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { toHex } from '../../src/core/base/hex.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { decodeSealedValue, encodeSealedValue } from '../../src/core/record/sealed-value.ts';
import { sealMessage } from '../../src/core/record/sealed-message.ts';
import { encryptionSeed, slotAt } from '../../src/core/record/slot.ts';
import { x25519FromEd25519Seed } from '../../src/core/crypto/x25519.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { accepts, bytesNear } from '../support/fuzz.ts';
import { TOPIC, valueOf } from '../support/record-samples.ts';
import { TRACKERS } from './support/hostile-crates.ts';
import { interopCase } from './support/interop-case.ts';
import { OraclePanic, OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';

const MINUTE = 29_000_000;
const SLOT = slotAt(TOPIC, MINUTE);
const SLOT_SEED = toHex(encryptionSeed(TOPIC, MINUTE));
/** Values tried beside the ones made by hand. */
const NEAR_VALUES = 2000;

type Outcome = 'opened' | 'refused' | 'panicked';

/** Any bytes sealed as if they were a record. */
async function sealed(record: Uint8Array): Promise<Uint8Array> {
  const oneTimeSeed = systemRandom.bytes(32);
  const seal = (recipientPublicKey: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> =>
    sealMessage({ recipientPublicKey, plaintext, ephemeralPrivateKey: systemRandom.bytes(32) });
  return encodeSealedValue({
    sealedRecord: await seal(x25519FromEd25519Seed(oneTimeSeed).publicKey, record),
    sealedKey: await seal(SLOT.encryption.publicKey, oneTimeSeed),
  });
}

describe.each(TRACKERS)('distributed-topic-tracker $version', ({ workspace, version, checksLengths }) => {
  const versions = `distributed-topic-tracker ${version}`;
  const row = { case: 'hostile: what ends a reader of slots', direction: 'Rust ← ours', versions } as const;
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());
  const opened = async (value: Uint8Array): Promise<Outcome> => {
    try {
      await oracle.ask('open-record', { value: toHex(value), encryptionSeed: SLOT_SEED });
      return 'opened';
    } catch (error) {
      if (error instanceof OraclePanic) return 'panicked';
      if (error instanceof OracleRefusal) return 'refused';
      throw error;
    }
  };

  const harm: Outcome = checksLengths ? 'refused' : 'panicked';
  interopCase(row, `a value of wrong lengths is ${harm}`, async (count) => {
    const record = await valueOf({ node: 1, minute: MINUTE });
    const cases: readonly [name: string, value: Uint8Array, outcome: Outcome][] = [
      ['a record', record, 'opened'],
      ...[0, 1, 2, 3].map((length): [string, Uint8Array, Outcome] => [`${length} bytes`, new Uint8Array(length), harm]),
      ['a length one beyond the end', concatBytes(Uint8Array.of(5, 0, 0, 0), new Uint8Array(4)), harm],
      ['the greatest length', concatBytes(new Uint8Array(4).fill(0xff), new Uint8Array(400)), harm],
      ['a length of 0', new Uint8Array(100), 'refused'],
      ['a record cut by one byte', record.subarray(0, -1), 'refused'],
      ['one byte behind a record', concatBytes(record, Uint8Array.of(0)), 'refused'],
    ];
    for (const [name, value, outcome] of cases) expect([name, await opened(value)]).toEqual([name, outcome]);
    count(cases.length);
  });

  interopCase(row, `a sealed record below 136 bytes is ${harm}`, async (count) => {
    for (const length of [0, 1, 31, 32, 39, 40, 71, 72, 73, 135]) {
      expect([length, await opened(await sealed(new Uint8Array(length)))]).toEqual([length, harm]);
      count(1);
    }
    for (const length of [136, 137, 236]) {
      expect([length, await opened(await sealed(new Uint8Array(length)))]).toEqual([length, 'opened']);
      count(1);
    }
  });

  interopCase(row, 'no value that our storing nodes keep ends it', async (count) => {
    const samples = await Promise.all([1, 2].map((node) => valueOf({ node, minute: MINUTE })));
    samples.push(await sealed(new Uint8Array(136)), new Uint8Array(284 + 136));
    const outcomes: Record<Outcome, number> = { opened: 0, refused: 0, panicked: 0 };
    const kept = fc
      .sample(bytesNear(...samples), NEAR_VALUES)
      .filter((value) => accepts(() => decodeSealedValue(value), 'RECORD_MALFORMED'));
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(NEAR_VALUES - 50);
    for (const value of kept) outcomes[await opened(value)]++;
    expect(outcomes.panicked).toBe(0);
    expect(outcomes.refused).toBeGreaterThan(0);
    count(kept.length);
  });
});

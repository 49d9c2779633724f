/**
 * Opens what the Rust crates sealed: values of slots, and plain messages. For vectors, committed or fresh.
 *
 * @module
 */
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { x25519FromEd25519Seed } from '../../src/core/crypto/x25519.ts';
import { openRecord } from '../../src/core/record/open.ts';
import { encodeRecord } from '../../src/core/record/record.ts';
import { openMessage } from '../../src/core/record/sealed-message.ts';
import { slotAt } from '../../src/core/record/slot.ts';
import { v0Topic } from '../../src/core/record/topic.ts';
import { ruleBytes, ruleOwner, type ByVersion } from './rust-vectors.ts';

export interface RecordVectors {
  readonly records: readonly {
    readonly number: number;
    /** Number of the owner's key. */
    readonly owner: number;
    readonly minute: number;
    readonly nodeId: string;
    readonly info: string;
    readonly record: string;
  }[];
}

export interface SealedRows {
  /** `record` is the row in RecordVectors. */
  readonly values: readonly { readonly record: number; readonly value: string }[];
  readonly messages: readonly { readonly plaintextBytes: number; readonly sealed: string }[];
}

export type SealedVectors = ByVersion<SealedRows>;

/** The content of each value and message, in hex, beside what it should be. */
export async function openSealed(
  { values, messages }: SealedRows,
  { records }: RecordVectors,
): Promise<{ readonly opened: string[]; readonly expected: string[] }> {
  const openedValues = values.map(async ({ record: number, value }) => {
    const { owner = -1, minute = -1 } = records[number] ?? {};
    const slot = slotAt(v0Topic(ruleOwner(owner).publicKey), minute);
    return toHex(encodeRecord(await openRecord(slot, fromHex(value))));
  });
  const openedMessages = messages.map(async ({ plaintextBytes, sealed }) => {
    const reader = x25519FromEd25519Seed(ruleBytes('reader', plaintextBytes, 32));
    return toHex(await openMessage(reader, fromHex(sealed)));
  });
  return {
    opened: await Promise.all([...openedValues, ...openedMessages]),
    expected: [
      ...values.map(({ record }) => records[record]?.record ?? 'no such record'),
      ...messages.map(({ plaintextBytes }) => toHex(ruleBytes('plaintext', plaintextBytes, plaintextBytes))),
    ],
  };
}

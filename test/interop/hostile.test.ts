/**
 * What ends a node of the mainline crate, or makes it drop a packet: shown to be so, since docs/spec/04-dht.md says that we
 * never send it. What we do send: hostile-sender.test.ts.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { toHex } from '../../src/core/base/hex.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { itemMessage, itemTarget } from '../../src/core/dht/item.ts';
import { encodeBencode, type Bencoded } from '../../src/core/dht/bencode.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { latin1 } from '../support/dht-samples.ts';
import { MAINLINES } from './support/hostile-crates.ts';
import * as hand from './support/hostile-wire.ts';
import { startScriptedNode } from './support/hostile-scripted-node.ts';
import { interopCase } from './support/interop-case.ts';
import { OraclePanic, startOracle, type Oracle } from './support/oracle.ts';

const SALT = latin1('salt');
const SIGNER = ed25519Signer(new Uint8Array(32).fill(21));
const STRANGER = ed25519Signer(new Uint8Array(32).fill(22));

describe.each(MAINLINES)(
  'mainline $version',
  ({ workspace, version, transactionBytes, survivesHalfPuts, checksKey }) => {
    const row = {
      case: 'hostile: what ends a mainline node',
      direction: 'Rust ← ours',
      versions: `mainline ${version}`,
    } as const;
    const transaction = latin1('t'.repeat(transactionBytes));
    let oracle: Oracle;
    let wire: hand.Wire;
    beforeAll(async () => {
      oracle = startOracle(workspace);
      wire = await hand.openWire(transactionBytes);
    });
    afterAll(async () => {
      await wire.close();
      await oracle.close();
    });
    const open = (server: 0 | 1, ...bootstrap: readonly string[]): Promise<{ dht: number; port: number }> =>
      oracle.ask('dht-open', { host: '0.0.0.0', port: 0, server, bootstrap, wait: 0 });

    interopCase(row, `a query is read only with a transaction id of ${transactionBytes} bytes`, async (count) => {
      const { port } = await open(1);
      for (const length of [0, 1, 2, 3, 4, 5, 8, 16, 20, 32]) {
        const answers = await wire.ask(port, hand.queryPacket('ping', {}, new Uint8Array(length).fill(1)));
        expect([length, answers.length]).toEqual([length, length === transactionBytes ? 1 : 0]);
        count(1);
      }
    });

    interopCase(row, 'a packet is dropped for one field that is not as it must be', async (count) => {
      const { port } = await open(1);
      const target = new Uint8Array(20).fill(9);
      const ask = (envelope: hand.Entries): Promise<Uint8Array[]> =>
        wire.ask(port, hand.queryPacket('ping', {}, transaction, envelope));
      const read: readonly [string, hand.Entries][] = [
        ['v of 4 bytes', { v: latin1('PP\0\x01') }],
        ['ro of 1', { ro: 1n }],
        ['an unknown key', { zz: latin1('x') }],
        ['ip of 6 bytes', { ip: new Uint8Array(6) }],
      ];
      const dropped: readonly [string, hand.Entries][] = [
        ...[0, 2, 3, 5, 8].map((length): [string, hand.Entries] => [
          `v of ${length} bytes`,
          { v: new Uint8Array(length) },
        ]),
        ...[0, 4, 18].map((length): [string, hand.Entries] => [
          `ip of ${length} bytes`,
          { ip: new Uint8Array(length) },
        ]),
        ['ro that is a text', { ro: latin1('1') }],
        ['an unknown method', { q: latin1('sample_infohashes') }],
      ];
      for (const [name, envelope] of read) expect([name, (await ask(envelope)).length]).toEqual([name, 1]);
      for (const [name, envelope] of dropped) expect([name, (await ask(envelope)).length]).toEqual([name, 0]);
      const got = await wire.ask(port, hand.queryPacket('get', { target }, transaction));
      const token = hand.bytesIn(hand.outerOf(got[0] ?? new Uint8Array()), 'r', 'token');
      expect(token).toBeDefined();
      const put = putArguments(token ?? target);
      expect(await wire.ask(port, hand.queryPacket('put', put, transaction))).toHaveLength(1);
      expect(await wire.ask(port, hand.queryPacket('put', { ...put, target: undefined }, transaction))).toHaveLength(0);
      count(read.length + dropped.length + 2);
    });

    const outcome = survivesHalfPuts ? 'is dropped' : 'ends a node';
    interopCase(
      row,
      `a put that has a key and not the rest ${outcome}, and a client as well`,
      async (count) => {
        for (const missing of ['seq', 'sig']) {
          const { port, dht } = await open(1);
          const whole = putArguments(latin1('whatever'));
          const packet = hand.queryPacket('put', { ...whole, [missing]: undefined }, transaction);
          wire.send(port, packet);
          await expectEnd(dht);
          // A client answers nothing, and reads all the same.
          const other = await open(1);
          const client = await open(0, `127.0.0.1:${other.port}`);
          wire.send(client.port, packet);
          await expectEnd(client.dht);
          count(2);
        }
      },
      60_000,
    );

    async function expectEnd(dht: number): Promise<void> {
      if (survivesHalfPuts) {
        // A walk goes through the loop that reads packets: the packet has been read when it ends.
        await oracle.ask('dht-get', { dht, key: toHex(SIGNER.publicKey), salt: '' });
        await oracle.ask('dht-contacts', { dht });
        return;
      }
      const panicked = (): Promise<boolean> =>
        oracle.ask('dht-contacts', { dht }).then(
          () => false,
          (error: unknown) => error instanceof OraclePanic,
        );
      // What is asked in the moment of the end is never answered: ask until the end shows.
      await expect.poll(() => Promise.race([panicked(), systemClock.sleep(200)]), { timeout: 20_000 }).toBe(true);
    }

    interopCase(
      row,
      'a client takes nothing from an answer that lacks a field, or says ro',
      async (count) => {
        const variants = answerVariants(transactionBytes, checksKey);
        const scripted = await startScriptedNode(({ method, packet, transaction }) => {
          if (method !== 'get') return undefined;
          const asked = toHex(hand.bytesIn(packet, 'a', 'target') ?? hand.HAND_ID);
          const variant = variants.find(({ salt }) => toHex(itemTarget(SIGNER.publicKey, salt)) === asked);
          return variant?.packet(transaction) ?? 'silence';
        });
        try {
          const { dht } = await open(0, scripted.address);
          for (const { name, salt, seen } of variants) {
            const values = await oracle.ask<unknown[]>('dht-get', {
              dht,
              key: toHex(SIGNER.publicKey),
              salt: toHex(salt),
            });
            expect([name, values.length]).toEqual([name, seen ? 1 : 0]);
            count(1);
          }
          // It lives on: none of these is more than a value lost.
          await oracle.ask('dht-contacts', { dht });
        } finally {
          await scripted.close();
        }
      },
      120_000,
    );
  },
);

function putArguments(token: Uint8Array): hand.Entries {
  return { token, salt: SALT, target: itemTarget(SIGNER.publicKey, SALT), ...item(SALT) };
}

function item(salt: Uint8Array, { sign, publicKey } = SIGNER): Record<'k' | 'seq' | 'sig' | 'v', Bencoded> {
  const v = latin1('value');
  return { k: publicKey, seq: 1n, sig: sign(itemMessage(salt, 1n, encodeBencode(v))), v };
}

interface AnswerVariant {
  readonly name: string;
  readonly salt: Uint8Array;
  /** Whether the client takes the value. */
  readonly seen: boolean;
  readonly packet: (transaction: Uint8Array) => Uint8Array;
}

/** Answers to get, each under a salt of its own. */
function answerVariants(transactionBytes: number, checksKey: boolean): AnswerVariant[] {
  const nodes = new Uint8Array();
  const token = latin1('token');
  const variants: AnswerVariant[] = [];
  const add = (name: string, seen: boolean, change: hand.Entries, envelope: hand.Entries = {}, by = SIGNER): void => {
    const salt = latin1(`salt ${variants.length}`);
    const fields = { nodes, token, ...item(salt, by), ...change };
    variants.push({ name, salt, seen, packet: (transaction) => hand.answerPacket(fields, transaction, envelope) });
  };
  add('all that is needed', true, {});
  add('ro of 0', true, {}, { ro: 0n });
  add('a token of 20 bytes', true, { token: new Uint8Array(20) });
  add('no nodes', true, { nodes: undefined });
  add('an unknown field', true, { zz: 1n });
  // Where the key is not compared, whoever is asked can answer with a value of any key.
  add('a value of another key', !checksKey, {}, {}, STRANGER);
  add('ro of 1', false, {}, { ro: 1n });
  add('no token', false, { token: undefined });
  for (const missing of ['k', 'seq', 'sig', 'v']) add(`no ${missing}`, false, { [missing]: undefined });
  add('a signature of 63 bytes', false, { sig: new Uint8Array(63) });
  add('a value that is a list', false, { v: [1n] });
  add('v of 3 bytes', false, {}, { v: latin1('PP\0') });
  add('ip of 18 bytes', false, {}, { ip: new Uint8Array(18) });
  add('a contact cut off', false, { nodes: new Uint8Array(25) });
  for (const length of [transactionBytes - 1, transactionBytes + 1]) {
    add(`a transaction id of ${length} bytes`, false, {}, { t: latin1('t'.repeat(length)) });
  }
  return variants;
}

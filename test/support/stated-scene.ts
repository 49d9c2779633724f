/**
 * Releases with statements on the memory network: made like an owner makes them, offered by agents and by peers that a test
 * scripts.
 *
 * @module
 */
import { vi } from 'vitest';
import { announceOnce } from '../../src/agent/offer/announce.ts';
import { serveExchange, type ExchangeServer } from '../../src/agent/offer/exchange-server.ts';
import { createLibrary, type Library } from '../../src/agent/offer/library.ts';
import { serve } from '../../src/agent/offer/serve.ts';
import { shelve } from '../../src/agent/offer/shelving.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import type { OwnerKey } from '../../src/core/keys/owner-key.ts';
import { statementTopic } from '../../src/core/record/topic.ts';
import type { SignedRelease } from '../../src/core/release/release.ts';
import { createCanonicalizer } from '../../src/core/codesign/image.ts';
import type { SignedItem } from '../../src/core/stamp/block.ts';
import { regionVersion } from '../../src/core/statement/app-version.ts';
import { formatVersion } from '../../src/core/release/version.ts';
import { statementSalt, type SignedStatement, type StatementName } from '../../src/core/statement/statement.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { Source } from '../../src/ports/source.ts';
import { MemoryDeltas } from '../../src/testing/memory-deltas.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import {
  sampleProgram,
  signSampleStatement,
  type SampleStatement,
  type StatedSample,
} from '../../src/testing/sample-program.ts';
import { AgentScene, type SceneAgent, type StartOptions } from './agent-scene.ts';
import { contentOf, same } from './content-samples.ts';
import { deltaOf } from './delta-samples.ts';
import { openBytes } from './staging.ts';

export interface ReleaseFields extends SampleStatement {
  /** May be a pre-release. */
  readonly version: string;
  /** Default 300 000. */
  readonly sizeBytes?: number;
  /** Releases with other numbers have nothing in common. Default 0. */
  readonly seed?: number;
  /** What the lines of code say that were changed since another release. Default: the sequence number. */
  readonly edit?: number;
  /** Changes more of the bytes. */
  readonly change?: (program: Uint8Array) => void;
  /** Default: the scene's. */
  readonly owner?: OwnerKey;
  /** Programs to make deltas from. */
  readonly from?: readonly StatedSample[];
  /** What the deltas lead to; default this release. Another one is an owner's mistake. */
  readonly deltaTo?: StatedSample;
}

export interface SampleRelease extends StatedSample {
  /** Beside the program, by their owner. */
  readonly deltaBytes: readonly Uint8Array[];
}

export interface ScenePeer {
  readonly server: ExchangeServer;
  /** As its failures name it. */
  readonly name: string;
  /** Every object it was asked for, `chunk 12ab…`, in order; and how often for its stamp. */
  readonly asked: string[];
  readonly stampsAsked: number;
}

/** What a peer does in another way than an honest one. */
export type Misbehaviour = (honest: Library) => Partial<Library>;

export interface PeerOptions {
  /** Serves the whole file as well. Default no. */
  readonly isWhole?: boolean;
}

const EDIT_AT = 20_000;
const EDIT_BYTES = 64;

export class StatedScene extends AgentScene {
  readonly #peers: { close(): Promise<void> }[] = [];

  async release(fields: ReleaseFields): Promise<SampleRelease> {
    const { version, sizeBytes, seed, edit, change, from = [], deltaTo, owner = this.owner, ...statement } = fields;
    const { seq = 1n } = statement;
    const region = formatVersion(regionVersion(version));
    const program = sampleProgram({ version: region, sizeBytes: sizeBytes ?? 300_000, seed: seed ?? 0 });
    change?.(program);
    program.fill(edit ?? Number(seq), EDIT_AT, EDIT_AT + EDIT_BYTES);
    const unstated = signSampleStatement(program, owner, { version });
    const deltaBytes = await Promise.all(from.map((base) => deltaOf(image(base), image(deltaTo ?? unstated))));
    const deltas = deltaBytes.map((bytes, index) => ({
      fromRoot: from[index]?.statement.root ?? new Uint8Array(),
      sizeBytes: bytes.length,
      root: contentOf(bytes, 'delta').manifest.root,
    }));
    return { ...signSampleStatement(program, owner, { deltas, ...statement, version }), deltaBytes };
  }

  /** A copy that runs, with the deltas beside it unless others are given. */
  async run(release: SampleRelease, options: Omit<StartOptions, 'version'> = {}): Promise<SceneAgent> {
    const { statement, file } = release;
    return this.start({
      version: statement.version,
      store: new MemoryProgram(file),
      deltas: deltasOf(release),
      ...options,
    });
  }

  /** A copy that runs, is announced, and has published its statement. */
  async offer(release: SampleRelease, options: Omit<StartOptions, 'version'> = {}): Promise<SceneAgent> {
    const agent = await this.run(release, options);
    await this.until(() => agent.seen('announced').length > 0 && agent.seen('published').length > 0);
    return agent;
  }

  /** Stores a statement at every node of the DHT, whoever signed it. @param name where to; default its own */
  async publish(item: SignedItem, name: StatementName): Promise<void> {
    const key = { publicKey: this.owner.publicKey, salt: statementSalt(name) };
    for (const node of await this.dht.join().getSigned(key)) await node.put(item);
  }

  /** A peer that announces itself and is scripted by the test. Publishes nothing. */
  async peer(
    release: SampleRelease,
    misbehave: Misbehaviour = () => ({}),
    { isWhole = false }: PeerOptions = {},
  ): Promise<ScenePeer> {
    const { statement } = release;
    const seed = systemRandom.bytes(32);
    const network = this.network.join(seed);
    const honest = createLibrary({
      compression: brotli,
      onError: (error) => {
        throw error;
      },
    });
    await shelve({ library: honest, deltas: deltasOf(release), release, program: openBytes(release.file) });
    const library: Library = { ...honest, ...misbehave(honest) };
    const asked: string[] = [];
    let stampsAsked = 0;
    const server = serveExchange({
      network,
      owner: this.owner.publicKey,
      clock: this.clock,
      library: {
        ...library,
        stamp: (id) => {
          stampsAsked++;
          return library.stamp(id);
        },
        object: (kind, hash) => {
          asked.push(`${kind} ${toHex(hash)}`);
          return library.object(kind, hash);
        },
      },
      onError: (error) => {
        throw error;
      },
    });
    this.#peers.push(server);
    if (isWhole) {
      this.#peers.push(
        serve({
          network,
          owner: this.owner.publicKey,
          clock: this.clock,
          emit: () => undefined,
          offer: () => ({ release: release.release, program: openBytes(release.file) }),
        }),
      );
    }
    await this.announce(statement, release.release, seed);
    return {
      server,
      name: `peer ${toHex(network.nodeId).slice(0, 16)}`,
      asked,
      get stampsAsked() {
        return stampsAsked;
      },
    };
  }

  /** @param seed of the node that says it has the release */
  async announce(name: StatementName, release: SignedRelease, seed = systemRandom.bytes(32)): Promise<void> {
    const nodeKey = ed25519Signer(seed);
    const { owner, clock } = this;
    const { storedAt } = await announceOnce({
      dht: this.dht.join(),
      owner: owner.publicKey,
      topic: statementTopic(owner.publicKey, name),
      clock,
      random: systemRandom,
      nodeKey,
      release: () => release,
      hints: () => ({ addresses: [] }),
    });
    if (storedAt === 0) throw new Error('nobody would find this peer');
  }

  /** As `until`, for what needs time to pass: the clock goes on where nothing happens by itself. */
  async untilLater(condition: () => boolean): Promise<void> {
    for (let turn = 0; turn < 200; turn++) {
      const isMet = await vi
        .waitFor(
          () => {
            if (!condition()) throw new Error('not yet');
          },
          { timeout: 60, interval: 5 },
        )
        .then(
          () => true,
          () => false,
        );
      if (isMet) return;
      await this.clock.advance(1100);
    }
    throw new Error('it did not happen');
  }

  override async stop(): Promise<void> {
    await super.stop();
    await Promise.all(this.#peers.map((server) => server.close()));
  }
}

/** With zeros where the stamp is. */
export function image({
  file,
  statement,
}: {
  readonly file: Uint8Array;
  readonly statement: SignedStatement;
}): Uint8Array {
  return createCanonicalizer(statement.stampOffset).update(file.slice());
}

/** What lies beside the program when it was signed. */
export function deltasOf({ statement, deltaBytes }: SampleRelease): MemoryDeltas {
  const deltas = new MemoryDeltas();
  for (const [index, { root }] of statement.deltas.entries()) deltas.put(root, deltaBytes[index] ?? new Uint8Array());
  return deltas;
}

/** Whether the program file is this release. Compared here because a test that prints the difference takes minutes. */
export function holds({ store }: SceneAgent, { file }: StatedSample): boolean {
  return store.content !== undefined && same(store.content, file);
}

/** Makes a program begin like one in the ELF format. @param machine the processor's number */
export function elf(machine: number): (program: Uint8Array) => void {
  return (program) => {
    program.fill(0, 0, 64).set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
    program[18] = machine;
  };
}

/** The ways it went, in order. */
export function ways(agent: SceneAgent): string[] {
  return agent.seen('planned').map(({ way }) => way);
}

/** Of its failures, in order. */
export function codes(agent: SceneAgent): string[] {
  return agent.seen('error').map(({ code }) => code);
}

/** An honest source that is no peer. @param release undefined: it has nothing */
export function mirrorOf(name: string, release: SampleRelease | undefined): Source {
  const library = createLibrary({
    compression: brotli,
    onError: (error) => {
      throw error;
    },
  });
  const shelved = release && shelve({ library, deltas: deltasOf(release), release, program: openBytes(release.file) });
  let receivedBytes = 0;
  const ask = async (answer: () => Uint8Array | undefined | Promise<Uint8Array | undefined>) => {
    await shelved;
    const bytes = await answer();
    receivedBytes += bytes?.length ?? 0;
    return bytes;
  };
  return {
    name,
    lanes: 4,
    statement: (nameHash) => ask(() => library.statement(nameHash)),
    stamp: (id) => ask(() => library.stamp(id)),
    object: (kind, hash) => ask(() => library.object(kind, hash)),
    get receivedBytes() {
      return receivedBytes;
    },
    close: () => Promise.resolve(),
  };
}

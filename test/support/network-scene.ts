/**
 * A private DHT, a signed sample and peers that serve it, all on loopback: for tests of the tools.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import type { AgentEvent } from '../../src/agent/events.ts';
import { startPrivateDht, type PrivateDht } from '../../src/testing/private-dht.ts';
import { sampleProgram, signSample, type SignedSample } from '../../src/testing/sample-program.ts';
import type { PeerOptions } from '../../src/tools/network/peer-options.ts';
import { seedProgram, type SeededProgram } from '../../src/tools/network/seed-program.ts';

/** The key file's content is this in z-base-32. */
export const OWNER_SEED: Uint8Array = new Uint8Array(32).fill(11);
const OWNER = ownerKeyFromSeed(OWNER_SEED);

/** `host:port` where nobody answers. */
export const NOBODY = '127.0.0.1:9';

export interface Seeding {
  readonly events: AgentEvent[];
  /** Ends it. */
  stop(): Promise<SeededProgram>;
}

export interface NetworkScene {
  readonly dht: PrivateDht;
  readonly owner: OwnerKey;
  readonly peer: PeerOptions;
  /** The same for the command line. */
  readonly flags: readonly string[];
  sample(version: string, sizeBytes?: number): SignedSample;
  /** Resolves when the program at `path` is announced. */
  seed(path: string): Promise<Seeding>;
  end(): Promise<void>;
}

export async function openNetworkScene(): Promise<NetworkScene> {
  const dht = await startPrivateDht({ nodes: 4 });
  const publicKey = formatPublicKey(OWNER.publicKey);
  const peer: PeerOptions = { publicKey, bootstrap: dht.bootstrap, relay: 'none', bindHost: '127.0.0.1' };
  const seeds: Seeding[] = [];
  return {
    dht,
    owner: OWNER,
    peer,
    flags: ['--public-key', publicKey, '--dht', dht.bootstrap.join(','), '--relay', 'none', '--bind-host', '127.0.0.1'],
    sample: (version, sizeBytes = 100_000) => signSample(sampleProgram({ version, sizeBytes }), OWNER),
    seed: async (program) => {
      const stop = new AbortController();
      const events: AgentEvent[] = [];
      let tellAnnounced: () => void = () => undefined;
      const announced = new Promise<void>((resolve) => (tellAnnounced = resolve));
      const seeding = seedProgram({
        ...peer,
        program,
        signal: stop.signal,
        intervalMs: 1000,
        onEvent: (event) => {
          events.push(event);
          if (event.type === 'announced') tellAnnounced();
        },
      });
      const seed = {
        events,
        stop: () => {
          stop.abort();
          return seeding;
        },
      };
      seeds.push(seed);
      await Promise.race([announced, seeding]);
      return seed;
    },
    end: async () => {
      await Promise.all(seeds.map((seed) => seed.stop()));
      await dht.close();
    },
  };
}

/** Writes the sample's file. Returns the path. */
export function writeSample(path: string, { file }: SignedSample): string {
  writeFileSync(path, file);
  return path;
}

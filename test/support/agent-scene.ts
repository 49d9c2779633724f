/**
 * Several agents on one memory network: a whole update in one process, with a clock that moves when told to.
 *
 * @module
 */
import { vi } from 'vitest';
import { startAgent, type Agent } from '../../src/agent/agent.ts';
import type { AgentEvent } from '../../src/agent/events.ts';
import { versionOf } from '../../src/agent/known-release.ts';
import { readRelease } from '../../src/agent/read-release.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';
import { UpdaterMode, type UpdateMode } from '../../src/core/schedule/mode.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { FakeMemory } from '../../src/testing/fake-memory.ts';
import { FakeRestraint } from '../../src/testing/fake-restraint.ts';
import { MemoryDeltas } from '../../src/testing/memory-deltas.ts';
import { MemoryDht } from '../../src/testing/memory-dht.ts';
import { MemoryNetwork } from '../../src/testing/memory-network.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { sampleProgram, signSample } from '../../src/testing/sample-program.ts';
import { noTransport } from '../../src/io/net/no-transport.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { Source } from '../../src/ports/source.ts';
import { timeZone } from './time-zone.ts';

export interface SceneAgent {
  readonly agent: Agent;
  readonly store: MemoryProgram;
  readonly events: AgentEvent[];
  /** Versions the host was asked to restart as. */
  readonly restarts: string[];
  seen<Type extends AgentEvent['type']>(type: Type): Extract<AgentEvent, { type: Type }>[];
}

export interface StartOptions {
  readonly version: string;
  readonly mode?: UpdateMode;
  /** Default: a program of its own. */
  readonly store?: MemoryProgram;
  /** How far this machine's wall clock is from the others'. Default 0. */
  readonly clockErrorMs?: number;
  /** Default: none yet. */
  readonly deltas?: MemoryDeltas;
  /** Default: of a node that remembers nothing. */
  readonly memory?: FakeMemory;
  /** What the machine rules out. Default: nothing. */
  readonly restraint?: FakeRestraint;
  /** False: as a program built without the transport. Default: true. */
  readonly hasTransport?: boolean;
  /** By URL: the mirrors the host gave. Default: none. */
  readonly mirrors?: Readonly<Record<string, Source>>;
  /** By URL: those that are there, though the host does not give them. Default: none. */
  readonly known?: Readonly<Record<string, Source>>;
}

export class AgentScene {
  readonly owner: OwnerKey = ownerKeyFromSeed(new Uint8Array(32).fill(5));
  readonly clock = new FakeClock();
  readonly dht = new MemoryDht({ now: () => this.clock.monotonic() });
  readonly network = new MemoryNetwork();
  readonly #started: Agent[] = [];

  /** @param elfMachine makes it begin like an ELF program for this processor */
  program(version: string, owner: OwnerKey = this.owner, elfMachine?: number): Uint8Array {
    const program = sampleProgram({ version, sizeBytes: 300_000 });
    if (elfMachine !== undefined) {
      program.fill(0, 0, 64);
      program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
      program[18] = elfMachine;
    }
    return signSample(program, owner).file;
  }

  async start({
    version,
    mode = UpdaterMode.Now,
    store = new MemoryProgram(this.program(version)),
    clockErrorMs = 0,
    deltas = new MemoryDeltas(),
    memory = new FakeMemory(),
    restraint = new FakeRestraint(),
    hasTransport = true,
    mirrors = {},
    known = {},
  }: StartOptions): Promise<SceneAgent> {
    const seed = systemRandom.bytes(32);
    const nodeKey = ed25519Signer(seed);
    const program = await store.open();
    const { release, statement, measured } = await readRelease(program, this.owner.publicKey);
    const events: AgentEvent[] = [];
    const restarts: string[] = [];
    const agent = startAgent({
      owner: this.owner.publicKey,
      nodeKey,
      dht: this.dht.join(),
      network: hasTransport ? this.network.join(seed) : noTransport(nodeKey.publicKey),
      clock: {
        now: () => this.clock.now() + clockErrorMs,
        monotonic: () => this.clock.monotonic(),
        sleep: (ms, signal) => this.clock.sleep(ms, signal),
      },
      zone: timeZone('UTC'),
      random: systemRandom,
      intervalMs: 60_000,
      mode,
      store,
      deltas,
      memory,
      restraint,
      compression: brotli,
      mirrors: Object.keys(mirrors),
      openMirror: (url) => {
        const mirror = mirrors[url] ?? known[url];
        if (mirror === undefined) throw new Error(`no mirror was expected: ${url}`);
        return mirror;
      },
      format: measured.format,
      running: versionOf({ release, statement }),
      installed: { release, statement, program },
      emit: (event) => events.push(event),
      requestRestart: (next) => restarts.push(next),
    });
    this.#started.push(agent);
    const seen: SceneAgent['seen'] = (type) =>
      events.filter((event): event is Extract<AgentEvent, { type: typeof type }> => event.type === type);
    return { agent, store, events, restarts, seen };
  }

  /** Waits for something that needs no time to pass: hashing and sealing are done by other threads. */
  async until(condition: () => boolean): Promise<void> {
    await vi.waitFor(() => {
      if (!condition()) throw new Error('not yet');
    }, 10_000);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((agent) => agent.stop()));
  }
}

/**
 * The owner of the soak test: signs a release whenever told, good or bad, and seeds the newest one.
 *
 * @module
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrivateDht } from '../../src/testing/private-dht.ts';
import { seedProgram } from '../../src/tools/network/seed-program.ts';
import { copyProgram, giveBehaviour, PUBLIC_KEY, signStated } from '../e2e/support/releases.ts';

/**
 * Each fails in another way, all of them after they have passed the trial. None ends by itself before it has called `spawn`: that
 * is no death for anybody but a guard, and one that is killed between its installation and its restart has none.
 */
const FLAWS = ['segfaults', 'hangs', 'dies later', 'throws at once', 'aborts', 'throws later'] as const;

export class SoakOwner {
  /** Newest good version. */
  newestGood = '';
  good = 0;
  bad = 0;
  readonly #base: string;
  readonly #folder: string;
  readonly #dht: PrivateDht;
  #next = 0;
  #endSeed: () => Promise<void> = () => Promise.resolve();

  /** @param base an unsigned executable */
  constructor(base: string, folder: string, dht: PrivateDht) {
    this.#base = base;
    this.#folder = folder;
    this.#dht = dht;
  }

  /** Path of a signed program of the next version. */
  async sign(isGood: boolean): Promise<{ readonly path: string; readonly version: string }> {
    const version = `1.${this.#next++}.0`;
    const path = join(this.#folder, version);
    await copyProgram(this.#base, path);
    // A good release is another one than the last too.
    await giveBehaviour(path, isGood ? `good ${version}` : (FLAWS[this.bad % FLAWS.length] ?? ''));
    await signStated(path, version);
    if (isGood) {
      this.good++;
      this.newestGood = version;
    } else this.bad++;
    return { path, version };
  }

  /** Seeds a new release instead of the last one. */
  async release(isGood: boolean): Promise<string> {
    const { path, version } = await this.sign(isGood);
    await this.#endSeed();
    const stop = new AbortController();
    const seeding = seedProgram({
      program: path,
      publicKey: PUBLIC_KEY,
      bootstrap: this.#dht.bootstrap,
      relay: 'none',
      bindHost: '127.0.0.1',
      intervalMs: 2000,
      signal: stop.signal,
    });
    this.#endSeed = async () => {
      stop.abort();
      await seeding;
      await rm(path);
    };
    return version;
  }

  async end(): Promise<void> {
    await this.#endSeed();
  }
}

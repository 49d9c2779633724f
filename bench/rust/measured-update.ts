/**
 * One update to 1.1.0, measured from outside, by the same rule for every system.
 *
 * The new version runs and its record is in the DHT before the updater starts, which is the old version or an installer: all look
 * at once when they start, so the time counts from there. It ends with the new version's first line.
 *
 * @module
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchCable } from './cable-watch.ts';
import { watchProcess, type ProcessWatch } from './process-watch.ts';
import { NEW_VERSION } from './programs.ts';
import { RunningProgram } from './running-program.ts';
import type { End, System } from './systems.ts';
import { atUpdater, SEEDER } from './two-ends.ts';
import type { World } from './world.ts';

export interface UpdateFigures {
  /** From the updater's start to the new version's first line. */
  readonly totalMs: number;
  /** Of it, until the hundredth part of what crosses the cable has. NaN, and the next two: next to nothing crosses it. */
  readonly findingMs: number;
  /** Of it, from there until 99 hundredths have crossed. */
  readonly transferMs: number;
  /** Of it, the rest: check, write, try out, replace, start the new version. */
  readonly installingMs: number;
  readonly toUpdaterBytes: number;
  readonly toSeederBytes: number;
  readonly seederPeakBytes: number;
  readonly updaterPeakBytes: number;
  /** While the update ran. */
  readonly seederCpuMs: number;
  readonly updaterCpuMs: number;
}

export interface MeasureOptions {
  readonly world: World;
  readonly sizeBytes: number;
  /** A home for each end, with what the addon is extracted to; kept from run to run, as on a machine that has run the program before. */
  readonly homes: Readonly<Record<End, string>>;
}

const ANNOUNCE_TIMEOUT_MS = 120_000;
const UPDATE_TIMEOUT_MS = 300_000;

export async function measureUpdate(
  system: System,
  { world, sizeBytes, homes }: MeasureOptions,
): Promise<UpdateFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  const running: RunningProgram[] = [];
  const watches: { end: () => void }[] = [];
  try {
    const programs = await system.sign(folder);
    await forgetDeltas(homes.updater);
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    const start = (end: End, command: [string, ...string[]]): readonly [RunningProgram, ProcessWatch] => {
      const { PATH = '' } = process.env;
      const own = system.environment(end, programs.owner);
      const places = { HOME: homes[end], TMPDIR: scratch, APP_OUT: join(folder, 'installed') };
      const program = new RunningProgram(command, { PATH, ...places, ...own });
      running.push(program);
      const watch = watchProcess(program.pid);
      watches.push(watch);
      return [program, watch];
    };

    const [seeder, seederWatch] = start('seeder', [programs.seeding]);
    await seeder.hears(`version ${NEW_VERSION}`, ANNOUNCE_TIMEOUT_MS);
    const { nodeId } = await world.announced(programs.owner, system.topic(programs.owner), ANNOUNCE_TIMEOUT_MS);
    // Both wait alike, so that what a seeder does when it starts is no part of the figures.
    const ports = await seeder.lastingUdpPorts(ANNOUNCE_TIMEOUT_MS);
    if (system.needsNameServer) {
      world.publishAddresses(
        nodeId,
        ports.map((port) => `${SEEDER}:${String(port)}`),
      );
    }

    const cable = watchCable(sizeBytes);
    watches.push(cable);
    const seederBefore = seederWatch.cost();
    const [updater, updaterWatch] = start('updater', atUpdater([programs.updating]));
    await updater.hears(system.firstLine, UPDATE_TIMEOUT_MS);
    const endMs = await updater.hears(`version ${NEW_VERSION}`, UPDATE_TIMEOUT_MS);

    const updaterCost = updaterWatch.cost();
    const seederCost = seederWatch.cost();
    const { toUpdater, toSeeder } = cable.bytes();
    const [firstMs, lastMs] = [cable.reached(0.01), cable.reached(0.99)];
    return {
      totalMs: endMs - updater.startedMs,
      findingMs: firstMs - updater.startedMs,
      transferMs: lastMs - firstMs,
      installingMs: endMs - lastMs,
      toUpdaterBytes: toUpdater,
      toSeederBytes: toSeeder,
      seederPeakBytes: seederCost.peakBytes,
      updaterPeakBytes: updaterCost.peakBytes,
      seederCpuMs: seederCost.cpuMs - seederBefore.cpuMs,
      updaterCpuMs: updaterCost.cpuMs,
    };
  } finally {
    for (const watch of watches) watch.end();
    await Promise.all(running.map((program) => program.end()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** Deltas are named by what they make, not by owner: one kept from the last update would serve this one without a byte. */
async function forgetDeltas(home: string): Promise<void> {
  for (const path of await readdir(home, { recursive: true })) {
    if (path.endsWith('/deltas')) await rm(join(home, path), { recursive: true });
  }
}

/**
 * Acts of a program that starts: what `spawn` does with files before the app's own code goes on.
 *
 * The child is not the program. What it was started from is told by an open file, where the product looks at its own image: see
 * support/bundle.ts.
 *
 * @module
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { ANCHOR_BYTES } from '../../../src/core/stamp/marker.ts';
import { createMeasure } from '../../../src/core/stamp/measure.ts';
import { PLACEHOLDER_BYTES } from '../../../src/core/stamp/block.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { tidyInstall } from '../../../src/io/install/tidy.ts';
import { rollBackProgram } from '../../../src/tools/installed/roll-back-program.ts';
import type { AgentSettings } from '../../../src/start/messages.ts';
import { beginEarly, spawnIsReached } from '../../../src/start/probation/early-start.ts';
import { beginOwnStart, putBack, type OwnStart } from '../../../src/start/probation/own-start.ts';
import { probationSettings } from '../../../src/start/options/probation-options.ts';
import { OWNER } from '../support/owner.ts';
import type { ActScene } from './acts.ts';

/** A roll back starts the program again, and that one finds nothing to do. */
const MOST_STARTS = 3;

/** What stands in for /proc/self/exe. */
declare global {
  var faultsImage: string | undefined;
  /** What stands in for this executable, before it reaches `spawn`. */
  var faultsExecutable: { readonly path: string; readonly readAsset: () => Uint8Array } | undefined;
  /** What stands in for becoming another program. */
  var faultsRestart: (() => Promise<never>) | undefined;
}

export async function start(scene: ActScene): Promise<readonly string[]> {
  return await started(scene, ({ probation }) => {
    probation?.takeBack();
    probation?.end();
  });
}

export async function confirm(scene: ActScene): Promise<readonly string[]> {
  return await started(scene, ({ probation }) => {
    probation?.begin({ emit: () => undefined, giveUp: () => undefined });
    probation?.confirm();
    // Where it could not be written down: the process ends, and was not at fault.
    probation?.takeBack();
    probation?.end();
  });
}

export async function crash(scene: ActScene): Promise<never> {
  await started(scene, () => {
    process.kill(process.pid, 'SIGKILL');
  });
  throw new Error('is alive');
}

export async function wholeStart(scene: ActScene): Promise<readonly string[]> {
  return await early(scene, () => {
    spawnIsReached();
    return start(scene);
  });
}

export async function crashEarly(scene: ActScene): Promise<readonly string[]> {
  return await early(scene, () => {
    process.kill(process.pid, 'SIGKILL');
    throw new Error('is alive');
  });
}

/** Begins until the program in place is the one that goes on. */
async function early({ programPath }: ActScene, live: () => Promise<readonly string[]>): Promise<readonly string[]> {
  for (let starts = 0; starts < MOST_STARTS; starts++) {
    const image = openSync(unwatched(programPath), 'r');
    const { runningStamp = new Uint8Array(0) } = settingsOf(programPath);
    globalThis.faultsImage = `/proc/self/fd/${image}`;
    globalThis.faultsExecutable = { path: programPath, readAsset: () => runningStamp };
    try {
      const isAnother = await new Promise<boolean>((resolve) => {
        globalThis.faultsRestart = () => {
          resolve(true);
          return new Promise(() => undefined);
        };
        beginEarly(() => {
          resolve(false);
        });
      });
      if (isAnother) continue;
    } finally {
      globalThis.faultsImage = undefined;
      globalThis.faultsExecutable = undefined;
      globalThis.faultsRestart = undefined;
      closeSync(image);
    }
    return await live();
  }
  throw new Error(`was started ${MOST_STARTS} times and rolled back each time`);
}

export async function rollBackByHand({ programPath }: ActScene): Promise<void> {
  await rollBackProgram({ program: programPath });
}

/** Starts until the program in place is the one that goes on. @returns what it told */
async function started({ programPath }: ActScene, live: (start: OwnStart) => void): Promise<readonly string[]> {
  const told: string[] = [];
  for (let starts = 0; starts < MOST_STARTS; starts++) {
    const image = openSync(unwatched(programPath), 'r');
    globalThis.faultsImage = `/proc/self/fd/${image}`;
    try {
      await tidyInstall(programPath, Date.now());
      const begun = beginOwnStart({ settings: settingsOf(programPath), probation: probationSettings() });
      told.push(...begun.events.map((event) => JSON.stringify(event)));
      const { due } = begun;
      const isAnother = due !== undefined && (await putBack(programPath, due));
      if (!isAnother) {
        live(begun);
        return told;
      }
    } finally {
      globalThis.faultsImage = undefined;
      closeSync(image);
    }
  }
  throw new Error(`was started ${MOST_STARTS} times and rolled back each time: ${told.join(' ')}`);
}

/** A path that the shim does not know: what the test looks at is no case. */
function unwatched(path: string): string {
  return `/proc/self/root${path}`;
}

function settingsOf(programPath: string): AgentSettings {
  const bytes = new Uint8Array(readFileSync(unwatched(programPath)));
  const measure = createMeasure();
  measure.update(bytes);
  const { stampOffset } = measure.finish();
  if (stampOffset === undefined) throw new Error('the program has no stamp');
  const anchorAt = stampOffset - ANCHOR_BYTES;
  const settings: Pick<AgentSettings, 'programPath' | 'publicKey' | 'runningStamp' | 'keepPrevious'> = {
    programPath,
    publicKey: formatPublicKey(OWNER.publicKey),
    keepPrevious: 1,
    runningStamp: bytes.slice(anchorAt, anchorAt + PLACEHOLDER_BYTES),
  };
  // Nothing else is looked at before the agent's thread starts.
  return settings as AgentSettings;
}

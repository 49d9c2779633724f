/**
 * Acts of the agent that only write notes: what it has seen, and which release failed its trial.
 *
 * @module
 */
import { join } from 'node:path';
import { isPeerpatchError, type PeerpatchError } from '../../../src/core/base/errors.ts';
import { createNodeMemory } from '../../../src/io/files/node-memory.ts';
import { openStateFolder } from '../../../src/io/files/state-folder.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import { createTrial } from '../../../src/start/thread/trial.ts';
import { OWNER } from '../support/owner.ts';
import type { ActScene } from './acts.ts';
import { nameOf } from './install-acts.ts';

/** Of no statement. */
const NAME_HASH = new Uint8Array(32).fill(9);
const TRIAL_MS = 10_000;

/** A release is accepted. @throws PeerpatchError what was told: it may be forgotten */
export async function remember(seq: bigint, version: string): Promise<void> {
  const told: PeerpatchError[] = [];
  const folder = await openStateFolder();
  const onError = (error: PeerpatchError): void => {
    told.push(error);
  };
  const memory = createNodeMemory({ owner: OWNER.publicKey, folder, random: systemRandom, onError });
  await memory.secret();
  await memory.accepted(NAME_HASH, seq);
  await memory.acceptedVersion(NAME_HASH, version);
  if (told[0] !== undefined) throw told[0];
}

/** A staged program does not answer. */
export async function failTrial({ programPath, programs }: ActScene): Promise<void> {
  const path = join(programs, 'new');
  const to = await nameOf(path);
  const { FAULTS_IDS } = process.env;
  delete process.env['FAULTS_IDS'];
  try {
    await createTrial({ programPath, timeoutMs: TRIAL_MS })({ path, to });
  } catch (error) {
    // Whoever was kept from installing a release that is in quarantine was told so.
    if (!isPeerpatchError(error, 'PREFLIGHT_FAILED', 'ROLLED_BACK')) throw error;
    return;
  } finally {
    process.env['FAULTS_IDS'] = FAULTS_IDS;
  }
  throw new Error('the trial was passed');
}

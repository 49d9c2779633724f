/**
 * File system attacks: somebody who may write where the program is swaps names and changes files, before an act or in the middle of
 * it, where the shim holds the process until it is done.
 *
 * Whoever may write to the program's folder may replace the program itself; so may its user. What these cases guard is everything
 * else that this user can write: no file outside is read, written or followed to, and a program that was checked is the one that
 * is put in place.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ATTACKS, type Attack } from './attack-list.ts';
import { checkProgram } from '../support/checker.ts';
import { startAct, type Ended } from '../support/children.ts';
import { judged, type CaseResult, type FaultRun, type MatrixResult } from '../support/fault-run.ts';
import { listPlace, removePlace, type Place } from '../support/place.ts';
import { recordScene, type Recording } from '../support/record.ts';
import { updateAgain } from '../support/settle.ts';
import { NO_FAULT, type Fault, type Operation } from '../support/shim.ts';

const SECRET = 'not for anybody\n';
const LIMIT_MS = 20_000;

export async function attackMatrix(run: FaultRun): Promise<MatrixResult> {
  const recordings = new Map<string, Recording>();
  for (const { scene } of ATTACKS) {
    if (!recordings.has(scene.name)) recordings.set(scene.name, await recordScene(run, scene));
  }
  const results = await run.each(ATTACKS, (attack) => {
    const recording = recordings.get(attack.scene.name);
    if (recording === undefined) throw new Error(`${attack.scene.name} was not recorded`);
    return attackCase(run, attack, recording);
  });
  for (const { template } of recordings.values()) removePlace(template);
  return { matrix: 'attack: swapped and changed files', results };
}

function attackCase(run: FaultRun, attack: Attack, recording: Recording): Promise<CaseResult> {
  return judged(attack.name, async () => {
    const { scene, moment } = attack;
    const place = await scene.prepare(run, run.newRoot());
    // Files of somebody else: beside the watched home, so that a link can lead there.
    const victim = join(place.root, 'tmp/victim');
    const lair = join(place.root, 'tmp/lair');
    writeFileSync(victim, SECRET, { mode: 0o600 });
    mkdirSync(lair);
    let before = statSync(victim);
    const strike = (): void => {
      attack.strike({ place, victim, lair, programs: run.parts.programs });
      before = statSync(victim);
    };
    if (moment === undefined) strike();
    const ended = await (moment === undefined
      ? startAct(run.parts, { act: scene.act, place, fault: NO_FAULT }).ended
      : struckAt(run, { attack, place, moment: findMoment(recording, moment) }, strike));

    const problems = [
      ...checkOutcome(ended, attack),
      ...(await checkProgram(
        place,
        listPlace(place),
        scene.during.map((name) => run.parts.programs[name]),
      )),
      ...checkVictim(victim, before),
      ...readdirSync(lair).map((name) => `${name} was put into the folder of another user`),
    ];
    attack.repair?.({ place, victim, lair, programs: run.parts.programs });
    rmSync(victim);
    rmSync(lair, { recursive: true });
    problems.push(...(await updateAgain(run, place)));
    if (problems.length === 0) removePlace(place);
    return problems;
  });
}

/** The operation before which the attack comes. */
function findMoment({ trace }: Recording, moment: NonNullable<Attack['moment']>): Operation {
  const found = trace.find(moment);
  if (found === undefined) throw new Error('the scene has no such moment');
  return found;
}

interface Struck {
  readonly attack: Attack;
  readonly place: Place;
  readonly moment: Operation;
}

async function struckAt(run: FaultRun, { attack, place, moment }: Struck, strike: () => void): Promise<Ended> {
  const path = `${place.root}.moment`;
  const fault: Fault = { kind: moment.isChange ? 'pause' : 'pause-look', at: moment.number, path };
  const { ended } = startAct(run.parts, { act: attack.scene.act, place, fault });
  const over = new AbortController();
  void ended.then(() => {
    over.abort();
  });
  const isOver = (): boolean => over.signal.aborted;
  const since = performance.now();
  while (!existsSync(`${path}.paused`)) {
    await pause(2);
    if (isOver() || performance.now() - since > LIMIT_MS) throw new Error('did not come to the moment of the attack');
  }
  strike();
  writeFileSync(`${path}.go`, '');
  const outcome = await ended;
  rmSync(`${path}.paused`);
  rmSync(`${path}.go`);
  return outcome;
}

function checkOutcome({ outcome, signal, stderr }: Ended, { ends }: Attack): readonly string[] {
  if (outcome === undefined) return [`ended by ${String(signal)} without an outcome: ${stderr}`];
  if (!outcome.ok && outcome.code === undefined) return [`not a coded error: ${outcome.text}`];
  if (ends === 'refused' && outcome.ok) return ['it was not noticed'];
  if (ends === 'done' && !outcome.ok) return [`was stopped by it: ${outcome.text}`];
  return [];
}

function checkVictim(victim: string, before: Stats): readonly string[] {
  const after = statSync(victim);
  const isSame = readFileSync(victim, 'utf8') === SECRET && after.mode === before.mode && after.ino === before.ino;
  return isSame && after.nlink <= before.nlink ? [] : ["another user's file was changed, or got a second name"];
}

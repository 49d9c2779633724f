/**
 * What the product does while faults happen to it: each act is one piece of its life, through the functions that do it in
 * a real program.
 *
 * @module
 */
import { collect, installAndStart, takeLock, update } from './install-acts.ts';
import { failTrial, remember } from './memory-acts.ts';
import { confirm, crash, crashEarly, rollBackByHand, start, wholeStart } from './start-acts.ts';
import { takeAddonOut } from './addon-act.ts';
import { putBackByGuard } from './guard-act.ts';

export interface ActScene {
  readonly root: string;
  readonly programPath: string;
  /** Folder of the signed programs. */
  readonly programs: string;
  readonly mayWait: boolean;
  /** What the shim is told, for an act that another process carries out. */
  readonly arm: string | undefined;
}

export const ACTS = {
  /** A release arrives from its first byte to its last and is installed. */
  update: (scene: ActScene) => update(scene, 'new'),
  /** The same with the one before it. */
  'update to old': (scene: ActScene) => update(scene, 'old'),
  /** The same in pieces that may be there from before. */
  collect,
  /** The right to install, taken and given back. */
  lock: takeLock,
  /** The program starts, and ends well. */
  start,
  /** The program starts and dies. */
  crash,
  /** The program starts, from the first code of it that runs. */
  'whole start': wholeStart,
  /** The same, and it dies before it reaches `spawn`. */
  'early crash': crashEarly,
  /** A release is accepted. */
  remember: () => remember(7n, '1.1.0'),
  /** The one after it. */
  'remember more': () => remember(12n, '1.2.0'),
  /** A staged program fails its trial. */
  'failed trial': failTrial,
  /** The program starts and proves itself. */
  confirm,
  /** The guard puts the previous program back. */
  guard: putBackByGuard,
  /** `peerpatch rollback` */
  'roll back': rollBackByHand,
  /** The program starts, finds an update, and starts again as the new one. */
  'update and start': installAndStart,
  /** The addon is put where it can be loaded from. */
  addon: takeAddonOut,
} satisfies Readonly<Record<string, (scene: ActScene) => Promise<unknown>>>;

/** Carried out by a shell: what goes wrong is done to that one. */
export const ACTS_OF_A_SHELL: readonly ActName[] = ['guard'];

export type ActName = keyof typeof ACTS;

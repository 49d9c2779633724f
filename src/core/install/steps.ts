/**
 * In which order a staged file becomes the program: data, carried out by io/install. Spec: docs/spec/07-install.md.
 *
 * Everything that can fail comes before `publish`, and until then the old program is untouched. The bytes are on disk before
 * the name is, so that a power cut leaves the old program or the new one, never half of one. The journal is on disk before the
 * new program is in place, so that none is there that nobody watches.
 *
 * @module
 */

export type InstallStep =
  | 'check-length' // as many bytes as promised arrived on disk
  | 'check-target' // what is to be replaced is still what was there when staging began
  | 'keep-attributes' // owner, mode, then the rest: changing the owner clears set-user-ID bits and capabilities
  | 'sync-file' // content and attributes reach the disk
  | 'close-file' // late write errors show here; and a file open for writing could not be executed
  | 'preflight' // it starts on this machine and says which release it is
  | 'check-staged' // still the file that was closed: nobody swapped or changed it
  | 'keep-previous' // the old program gets a second name
  | 'write-journal' // the next start knows what to watch, and what to go back to
  | 'publish' // the one moment: the name leads to the new file
  | 'move-aside' // Windows: the running program gives up its name, which is the second name it keeps
  | 'move-in' // Windows: the name leads to the new file; undone with `move-aside` when it fails
  | 'sync-folder'; // the name reaches the disk

const PREPARE: readonly InstallStep[] = ['check-length', 'check-target', 'keep-attributes', 'sync-file', 'close-file'];

/** Signing, and a program that is made where none was: nothing to watch, nothing to go back to. */
export const PLAIN_STEPS: readonly InstallStep[] = [...PREPARE, 'check-staged', 'publish', 'sync-folder'];

export const UPDATE_STEPS: readonly InstallStep[] = [
  ...PREPARE,
  'preflight',
  'check-staged',
  'keep-previous',
  'write-journal',
  'publish',
  'sync-folder',
];

/** Windows renames over a file that nobody runs. */
export const WINDOWS_PLAIN_STEPS: readonly InstallStep[] = PLAIN_STEPS;

/** Windows lets a running program be renamed, but neither replaced nor removed. */
export const WINDOWS_UPDATE_STEPS: readonly InstallStep[] = [
  ...PREPARE,
  'preflight',
  'check-staged',
  'write-journal',
  'move-aside',
  'move-in',
];

export interface StepChoice {
  readonly isWindows: boolean;
  readonly isUpdate: boolean;
}

export function installSteps({ isWindows, isUpdate }: StepChoice): readonly InstallStep[] {
  if (isWindows) return isUpdate ? WINDOWS_UPDATE_STEPS : WINDOWS_PLAIN_STEPS;
  return isUpdate ? UPDATE_STEPS : PLAIN_STEPS;
}

/**
 * In which order a staged file becomes the program: data, carried out by io/install/replace.ts. Spec: docs/spec/07-install.md.
 *
 * Everything that can fail comes before `publish`, and until then the old program is untouched. The bytes are on disk before
 * the name is, so that a power cut leaves the old program or the new one, never half of one. Windows, which cannot rename
 * over a running program, will need another list.
 *
 * @module
 */

export type InstallStep =
  | 'check-length' // as many bytes as promised arrived on disk
  | 'check-target' // what is to be replaced is still what was there when staging began
  | 'keep-attributes' // owner, then mode: changing the owner clears set-user-ID bits
  | 'sync-file' // content and attributes reach the disk
  | 'close-file' // late write errors show here; and a file open for writing could not be executed
  | 'publish' // the one moment: the name leads to the new file
  | 'sync-folder'; // the name reaches the disk

export const INSTALL_STEPS: readonly InstallStep[] = [
  'check-length',
  'check-target',
  'keep-attributes',
  'sync-file',
  'close-file',
  'publish',
  'sync-folder',
];

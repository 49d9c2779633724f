/**
 * Steps of the product that are broken on purpose, as data.
 *
 * @module
 */
import type { Replacement } from '../support/bundle.ts';

export interface Mutant {
  readonly name: string;
  readonly replacements: readonly Replacement[];
  /** Parts of the names of the matrices that look, in their order. */
  readonly matrices: readonly string[];
}

const STEPS = 'src/core/install/steps.ts';
const REPLACE = 'src/io/install/replace.ts';
const PUBLISH = 'src/io/install/replace-publish.ts';
const ROLL_BACK = 'src/io/install/roll-back.ts';
const SMALL_FILE = 'src/io/install/small-file.ts';
const GUARD_SCRIPT = 'src/io/process/guard-script.ts';
const TIDY = 'src/io/install/tidy.ts';

const UPDATE_LIST = `  'preflight',
  'check-staged',
  'keep-previous',
  'write-journal',
  'publish',
  'sync-folder',`;
const steps = (...names: readonly string[]): readonly Replacement[] => [
  { file: STEPS, text: UPDATE_LIST, by: names.map((name) => `'${name}',`).join('\n') },
];

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the staged file is not synced',
    matrices: ['power cut: update'],
    replacements: [
      {
        file: REPLACE,
        text: "'sync-file': ({ staged }) => staged.sync(),",
        by: "'sync-file': () => Promise.resolve(),",
      },
    ],
  },
  {
    name: 'the folder is not synced after the rename',
    matrices: ['power cut: update'],
    replacements: [{ file: PUBLISH, text: 'await folder?.sync();', by: '' }],
  },
  {
    name: 'the program is copied into place, not renamed',
    matrices: ['kill: update'],
    replacements: [
      {
        file: PUBLISH,
        text: 'else await system.calls.rename(stagedPath, target);',
        by: "else { const { readFile, writeFile } = await import('node:fs/promises'); await rm(target); await writeFile(target, await readFile(stagedPath), { mode: 0o755 }); await rm(stagedPath); }",
      },
    ],
  },
  {
    name: 'mode and owner are not kept',
    matrices: ['kill: update'],
    replacements: [
      {
        file: 'src/io/install/replace-prepare.ts',
        text: 'await keepAttributes({ from: target, old, staged, onWarning });',
        by: 'await Promise.resolve([keepAttributes, target, staged, onWarning]);',
      },
    ],
  },
  {
    name: 'no journal is written',
    matrices: ['kill: update'],
    replacements: steps('preflight', 'check-staged', 'keep-previous', 'publish', 'sync-folder'),
  },
  {
    name: 'the journal is written after the rename',
    matrices: ['kill: update'],
    replacements: steps('preflight', 'check-staged', 'keep-previous', 'publish', 'write-journal', 'sync-folder'),
  },
  {
    name: 'the previous program is not kept',
    matrices: ['kill: update'],
    replacements: steps('preflight', 'check-staged', 'write-journal', 'publish', 'sync-folder'),
  },
  {
    name: 'the previous program is kept after the rename',
    matrices: ['kill: update'],
    replacements: steps('preflight', 'check-staged', 'write-journal', 'publish', 'keep-previous', 'sync-folder'),
  },
  {
    name: 'the staged file is not looked at again before it is put in place',
    matrices: ['attack'],
    replacements: steps('preflight', 'keep-previous', 'write-journal', 'publish', 'sync-folder'),
  },
  {
    name: 'notes are not synced before they are renamed',
    matrices: ['power cut: update'],
    replacements: [{ file: SMALL_FILE, text: 'fsyncSync(handle);\n    const written', by: 'const written' }],
  },
  {
    name: 'the folder of a note is not synced',
    matrices: ['power cut: update'],
    replacements: [
      { file: SMALL_FILE, text: '  syncFolderSync(dirname(path));\n}\n\n/** A new name', by: '}\n\n/** A new name' },
    ],
  },
  {
    name: 'notes are written where they are',
    matrices: ['kill: start on probation', 'kill: update'],
    replacements: [
      {
        file: SMALL_FILE,
        text: 'const staged = hiddenName(path);\n  let handle: number',
        by: 'const staged = path;\n  let handle: number',
      },
      { file: SMALL_FILE, text: "openSync(staged, 'wx', mode)", by: "openSync(staged, 'w', mode)" },
    ],
  },
  {
    name: 'a new folder is not synced',
    matrices: ['power cut: update'],
    replacements: [{ file: 'src/io/install/install-folder.ts', text: '    syncFolderSync(dirname(path));\n', by: '' }],
  },
  {
    name: 'the bad release goes into quarantine after the roll back',
    matrices: ['kill: roll back at start'],
    replacements: [
      { file: ROLL_BACK, text: '    noteBad(folder, plan.to, options);\n', by: '' },
      {
        file: ROLL_BACK,
        text: '    writeDown(folder, undone);\n',
        by: '    writeDown(folder, undone);\n    noteBad(folder, plan.to, options);\n',
      },
    ],
  },
  {
    name: 'the folder is not synced after a roll back',
    matrices: ['power cut: roll back at start'],
    replacements: [{ file: ROLL_BACK, text: '  syncFolderSync(dirname(programPath));\n', by: '' }],
  },
  {
    name: 'a roll back is not written down',
    matrices: ['kill: roll back at start'],
    replacements: [{ file: ROLL_BACK, text: '    writeJournalSync(folder, journal);\n', by: '' }],
  },
  {
    name: 'a roll back moves the kept program away',
    matrices: ['kill: roll back by hand'],
    replacements: [
      {
        file: ROLL_BACK,
        text: 'await linkOrCopy(calls, kept, staged);',
        by: 'void linkOrCopy; await calls.rename(kept, staged); await calls.remove(programPath);',
      },
    ],
  },
  {
    name: 'the guard moves the kept program away',
    matrices: ['kill: roll back by the guard'],
    replacements: [
      {
        file: GUARD_SCRIPT,
        text: '{ ln "$folder/previous/$previous" "$back" ||',
        by: '{ mv "$folder/previous/$previous" "$back" ||',
      },
    ],
  },
  {
    name: 'notes of the guard are not synced before they are renamed',
    matrices: ['power cut: roll back by the guard'],
    replacements: [{ file: GUARD_SCRIPT, text: 'flush "$staged" && mv', by: 'mv' }],
  },
  {
    name: 'one start that ended badly is too many',
    matrices: ['kill at restart'],
    replacements: [{ file: 'src/start/options/probation-options.ts', text: 'maxStarts = 3,', by: 'maxStarts = 1,' }],
  },
  {
    name: 'the folder of what was accepted is not synced',
    matrices: ['power cut: remember a higher release'],
    replacements: [
      {
        file: 'src/io/files/highest-name.ts',
        text: 'await syncFolder(folder);',
        by: 'await Promise.resolve();',
      },
    ],
  },
  {
    name: 'a start that dies before spawn is not noted',
    matrices: ['kill: roll back before spawn'],
    replacements: [
      {
        file: 'src/start/probation/early-start.ts',
        text: 'noteStartSync(folder, folder.early);',
        by: 'void noteStartSync;',
      },
    ],
  },
  {
    name: 'what fails is left where it was staged',
    matrices: ['error: update'],
    replacements: [
      {
        file: 'src/io/install/staged-file.ts',
        text: '.finally(() => rm(path, { force: true }))',
        by: '.finally(() => rm)',
      },
    ],
  },
  {
    name: 'a folder that cannot be closed makes an install fail',
    matrices: ['error: update'],
    replacements: [
      { file: PUBLISH, text: 'await folder?.close().catch(() => undefined);', by: 'await folder?.close();' },
    ],
  },
  {
    name: 'a start removes nothing of what a kill left',
    matrices: ['kill: update'],
    replacements: [{ file: TIDY, text: 'await removeLeftovers(target, nowMs);', by: 'void removeLeftovers;' }],
  },
  {
    name: 'a lock is never given back',
    matrices: ['kill: update', 'error: update'],
    replacements: [
      {
        file: 'src/io/install/lock/install-lock.ts',
        text: 'freeTicket(folder, number);',
        by: 'void [freeTicket, folder];',
      },
    ],
  },
  {
    name: 'the dead hold the lock',
    matrices: ['kill: update'],
    replacements: [
      {
        file: 'src/io/install/process-identity.ts',
        text: "if (!isThere(pid)) return 'dead';",
        by: "if (!isThere(pid)) return 'alive';",
      },
    ],
  },
  {
    name: 'the addon in the cache is believed unread',
    matrices: ['attack'],
    replacements: [
      {
        file: 'src/io/executable/addon-cache.ts',
        text: 'return sha256Hex(await readFile(path)) === sha256;',
        by: "return sha256Hex(await readFile(path)) !== 'unknown';",
      },
    ],
  },
  {
    name: 'any folder is private',
    matrices: ['attack'],
    replacements: [
      {
        file: 'src/io/executable/private-folder.ts',
        text: 'if (uid === undefined) return true;',
        by: 'if (uid !== -1) return true;',
      },
    ],
  },
];

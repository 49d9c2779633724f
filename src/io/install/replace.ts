/**
 * Carries out the steps of core/install/steps.ts on real files: a staged file becomes the program, whole or not at all.
 * Spec: docs/spec/07-install.md.
 *
 * @module
 */
import { link, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { INSTALL_STEPS, type InstallStep } from '../../core/install/steps.ts';
import { errnoOf } from '../files/file-error.ts';

/** What the path held when staging began: owner and mode are kept, the rest tells whether it is still the same file. */
export interface OldFile {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface ReplaceOptions {
  /** Real path of the file to replace or to make. */
  readonly target: string;
  readonly stagedPath: string;
  /** Open for writing. Closed by one of the steps. */
  readonly staged: FileHandle;
  readonly sizeBytes: number;
  /** The file to replace. Undefined: there must be none, and nothing is replaced. */
  readonly old: OldFile | undefined;
}

/** Permission bits without set-user-ID and its like, which would mean something else under another owner. */
const PLAIN_MODE = 0o777;

/** @throws PeerpatchError INSTALL_FAILED, and the system's errors: nothing was replaced */
export async function replaceFile(options: ReplaceOptions): Promise<void> {
  for (const step of INSTALL_STEPS) await CARRY_OUT[step](options);
}

const CARRY_OUT: Readonly<Record<InstallStep, (options: ReplaceOptions) => Promise<void>>> = {
  'check-length': async ({ staged, sizeBytes, target }) => {
    const { size } = await staged.stat();
    if (size === sizeBytes) return;
    throw new PeerpatchError('INSTALL_FAILED', `${size} of ${sizeBytes} bytes are on disk: ${target} was not replaced`);
  },
  'check-target': async ({ target, old }) => {
    if (old === undefined) return; // `publish` refuses an existing file
    const now = await stat(target).catch((cause: unknown) => {
      throw new PeerpatchError('INSTALL_FAILED', `${target} was removed meanwhile and is not put back`, { cause });
    });
    const moved = now.dev !== old.dev || now.ino !== old.ino;
    // Some network file systems number a file anew at each look.
    if (!moved || (now.size === old.size && now.mtimeMs === old.mtimeMs)) return;
    throw new PeerpatchError(
      'INSTALL_FAILED',
      `${target} was replaced by something else meanwhile: nothing was done, the next attempt looks at it again`,
    );
  },
  'keep-attributes': async ({ staged, old }) => {
    if (old === undefined) return;
    await staged.chmod(old.mode & ((await keepOwner(staged, old)) ? 0o7777 : PLAIN_MODE));
  },
  'sync-file': ({ staged }) => staged.sync(),
  'close-file': ({ staged }) => staged.close(),
  publish: async ({ stagedPath, target, old }) => {
    if (old === undefined) await publishNew(stagedPath, target);
    else await rename(stagedPath, target);
  },
  'sync-folder': async ({ target }) => {
    const folder = await open(dirname(target), 'r').catch(() => undefined);
    try {
      await folder?.sync();
    } catch {
      // The new program is in place: saying it failed would be wrong. The name is as safe as the file system makes it.
    } finally {
      await folder?.close();
    }
  },
};

/** False when only root could: then the new file belongs to whoever installs it. */
async function keepOwner(staged: FileHandle, { uid, gid }: OldFile): Promise<boolean> {
  const own = await staged.stat();
  if (own.uid === uid && own.gid === gid) return true;
  try {
    await staged.chown(uid, gid);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return false;
    throw error;
  }
}

/** A link fails where a rename would replace. Some file systems have no links: there the name is looked at just before. */
async function publishNew(stagedPath: string, target: string): Promise<void> {
  try {
    await link(stagedPath, target);
    await rm(stagedPath);
  } catch (error) {
    const exists = errnoOf(error) === 'EEXIST' || (await stat(target).catch(() => undefined)) !== undefined;
    if (exists) throw new PeerpatchError('INSTALL_FAILED', `${target} exists: choose another name`, { cause: error });
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    await rename(stagedPath, target);
  }
}

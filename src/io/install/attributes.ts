/**
 * What a new program takes over from the old one: owner, mode, and on Linux access control lists, extended attributes and file
 * capabilities. Spec: docs/spec/07-install.md.
 *
 * The runtime has no calls for the latter, so GNU `cp` does it where there is one. An install never fails because of them: a
 * program without a label is better than an old one with a known hole.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import { errnoOf } from '../files/file-error.ts';

export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface KeepAttributesOptions {
  /** The old program. */
  readonly from: string;
  readonly old: Attributes;
  /** The new one, open for writing. */
  readonly staged: FileHandle;
  /** Told what could not be kept. */
  readonly onWarning: (warning: PeerpatchError) => void;
  /** GNU cp. Default where Linux systems have it. */
  readonly copyTool?: string | undefined;
}

/** Permission bits without set-user-ID and its like, which would mean something else under another owner. */
const PLAIN_MODE = 0o777;
const COPY_TOOL = '/bin/cp';
const COPY_TOOL_MS: number = 10 * SECOND_MS;

/** @throws the system's errors */
export async function keepAttributes(options: KeepAttributesOptions): Promise<void> {
  const { staged, old } = options;
  // The owner first: changing it takes set-user-ID bits and capabilities away.
  const isKept = await keepOwner(staged, old);
  await keepTheRest(options, isKept);
  await staged.chmod(old.mode & (isKept ? 0o7777 : PLAIN_MODE));
}

/** False when only root could: then the new file belongs to whoever installs it. */
async function keepOwner(staged: FileHandle, { uid, gid }: Attributes): Promise<boolean> {
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

async function keepTheRest(
  { from, old, staged, onWarning, copyTool = COPY_TOOL }: KeepAttributesOptions,
  isOwnerKept: boolean,
): Promise<void> {
  if (process.platform !== 'linux' || !existsSync(copyTool)) return;
  // With the access control list comes the mode: not with a set-user-ID bit for the wrong user, not even for a moment.
  const what = isOwnerKept || old.mode <= PLAIN_MODE ? 'mode,xattr' : 'xattr';
  const said = await copyAttributes(copyTool, { from, staged, what }).catch((error: unknown) => String(error));
  if (said === undefined) return;
  const first = said.trim().split('\n', 1)[0]?.slice(0, 200) ?? '';
  onWarning(
    new PeerpatchError(
      'INSTALL_ATTRIBUTES_LOST',
      `some attributes of ${from} were not kept in the new program (${first}): set them again, for example with setcap or setfacl`,
    ),
  );
}

/**
 * Whether the file capabilities of `from` would be lost: tried with an empty file. What may set them is not this process but the tool,
 * which has the capabilities of this process only where those are inherited. False also where nothing can tell. Never rejects.
 */
export async function losesCapabilities({
  from,
  staged,
  copyTool = COPY_TOOL,
}: TryAttributesOptions): Promise<boolean> {
  if (process.platform !== 'linux' || !existsSync(copyTool)) return false;
  const said = await copyAttributes(copyTool, { from, staged, what: 'xattr' }).catch(() => undefined); // it does not start: as none
  // It names each attribute that it could not set.
  return said?.includes('security.capability') ?? false;
}

export type TryAttributesOptions = Pick<KeepAttributesOptions, 'from' | 'staged' | 'copyTool'>;

interface CopyAttributes {
  readonly from: string;
  readonly staged: FileHandle;
  readonly what: string;
}

/** Undefined when nothing was lost, or when the tool is none that could tell; else what it said. */
async function copyAttributes(tool: string, { from, staged, what }: CopyAttributes): Promise<string | undefined> {
  // By descriptor: the name of the staged file may lead to something else by now.
  const child = spawn(tool, ['--attributes-only', `--preserve=${what}`, '--', from, '/proc/self/fd/3'], {
    stdio: ['ignore', 'ignore', 'pipe', staged.fd],
    env: { LC_ALL: 'C' },
    timeout: COPY_TOOL_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const { stderr } = child;
  if (stderr === null) throw new Error('stderr is a pipe');
  const [code, said] = await Promise.all([ended, text(stderr)]);
  if (code === 0 || /unrecognized option|unknown option|invalid option/.test(said)) return undefined;
  return said.trim() === '' ? `${tool} ended with ${code ?? 'a signal'}` : said;
}

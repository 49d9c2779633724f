/**
 * Precondition: what is to be put in place is for this machine, and so is what is there.
 *
 * @module
 */
import { open, stat } from 'node:fs/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { MAX_PROGRAM_HEAD_BYTES } from '../../../core/base/limits.ts';
import {
  headerMisfit,
  readProgramHeader,
  targetMisfit,
  type Machine,
  type ProgramHeader,
} from '../../../core/install/machine-fit.ts';
import { OWN_SYSTEM, type Place } from './place.ts';

/** Bytes of the first read: enough for the header of most programs. */
const FIRST_READ_BYTES = 4096;

/** @throws PeerpatchError INSTALL_WRONG_TARGET, and the system's errors */
export async function checkMachine({ target, plan, system }: Place): Promise<void> {
  const misfit = plan.target === undefined ? undefined : targetMisfit(plan.target, system);
  if (misfit !== undefined) throw wrongTarget('the release is not for this machine', misfit);
  const { format } = await readHeader(target);
  // Of a kind without a name here, the system that started it knows more.
  if (format !== undefined) await checkExecutable(target, system);
}

/**
 * Reads the header of a program that is to be started, staged or in place: executable format, processor, word length, byte order,
 * and whether the loader it names is there.
 *
 * @throws PeerpatchError INSTALL_WRONG_TARGET, and the system's errors
 */
export async function checkExecutable(path: string, machine: Machine = OWN_SYSTEM): Promise<void> {
  const header = await readHeader(path);
  const misfit = headerMisfit(header, machine);
  if (misfit !== undefined) throw wrongTarget(`this machine cannot run ${path}`, misfit);
  const { loader } = header;
  if (loader === undefined || (await stat(loader).catch(() => undefined))?.isFile() === true) return;
  const cause = loader.includes('musl') ? 'it is for systems with musl, such as Alpine' : 'it is for another C library';
  throw wrongTarget(`this machine cannot run ${path}`, `its loader ${loader} is missing, ${cause}`);
}

interface ReadHeader extends ProgramHeader {
  /** Path of the loader that an ELF program names. */
  readonly loader: string | undefined;
}

async function readHeader(path: string): Promise<ReadHeader> {
  const file = await open(path, 'r');
  try {
    const readAt = async (offset: number, length: number): Promise<Buffer> => {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    };
    for (let length = FIRST_READ_BYTES; ;) {
      const head = await readAt(0, length);
      const read = readProgramHeader(head);
      if (!('need' in read)) {
        const place = read.elf?.loader;
        const text = place && (await readAt(place.offset, place.sizeBytes)).toString();
        return { ...read, loader: text?.replace(/\0.*$/s, '') };
      }
      if (head.length < length || read.need > MAX_PROGRAM_HEAD_BYTES) {
        return { format: undefined, isScript: false, loader: undefined };
      }
      length = read.need;
    }
  } finally {
    await file.close();
  }
}

function wrongTarget(what: string, why: string): PeerpatchError {
  return new PeerpatchError(
    'INSTALL_WRONG_TARGET',
    `${what}: ${why}; sign and ship one program for each target, see --target`,
  );
}

/**
 * A program store that shows what was staged, and fails where told to.
 *
 * @module
 */
import { concatBytes } from '../../src/core/base/bytes.ts';
import type { InstallLock, OpenProgram, PartialProgram, ProgramStore, StagedProgram } from '../../src/ports/program.ts';

export class StagingStore implements ProgramStore {
  /** Every `stage` call so far: the length asked for, and what became of it. */
  readonly staged: { readonly sizeBytes: number; bytes: Uint8Array; discarded: boolean }[] = [];
  /** Called before each write; throws to make it fail. */
  beforeWrite: (writtenBytes: number) => Promise<void> | void = () => undefined;
  stageError: Error | undefined;
  discardError: Error | undefined;

  open(): Promise<OpenProgram> {
    return Promise.reject(new Error('not in this test'));
  }

  checkInstall(): Promise<void> {
    return Promise.reject(new Error('not in this test'));
  }

  stage(sizeBytes: number): Promise<StagedProgram> {
    if (this.stageError !== undefined) return Promise.reject(this.stageError);
    const staged = { sizeBytes, bytes: new Uint8Array() as Uint8Array, discarded: false };
    this.staged.push(staged);
    return Promise.resolve({
      write: async (bytes: Uint8Array) => {
        await this.beforeWrite(staged.bytes.length);
        staged.bytes = concatBytes(staged.bytes, bytes);
      },
      install: () => Promise.reject(new Error('not in this test')),
      discard: () => {
        staged.discarded = true;
        return this.discardError === undefined ? Promise.resolve() : Promise.reject(this.discardError);
      },
    });
  }

  lock(): Promise<InstallLock | undefined> {
    return Promise.reject(new Error('not in this test'));
  }

  resume(): Promise<PartialProgram> {
    return Promise.reject(new Error('not in this test'));
  }

  rollBackTo(): Promise<undefined> {
    return Promise.reject(new Error('not in this test'));
  }
}

/** An open program over bytes, in pieces of `pieceBytes`. */
export function openBytes(file: Uint8Array, pieceBytes = 50_000): OpenProgram & { readonly closed: boolean } {
  let closed = false;
  return {
    path: '/sample/program',
    sizeBytes: file.length,
    identity: 'staged',
    get closed() {
      return closed;
    },
    async *read(from = 0) {
      for (let at = from; at < file.length; at += pieceBytes) {
        await Promise.resolve();
        yield file.subarray(at, at + pieceBytes);
      }
    },
    readAt: (offset, length) => Promise.resolve(file.slice(offset, offset + length)),
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
}

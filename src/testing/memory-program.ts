/**
 * A program store in memory: what an update reads and replaces, without a file.
 *
 * @module
 */
import { checkRange, concatBytes } from '../core/base/bytes.ts';
import { PeerpatchError } from '../core/base/errors.ts';
import { toHex } from '../core/base/hex.ts';
import { sha512Half } from '../core/crypto/hash.ts';
import type { ReleaseName } from '../core/install/release-id.ts';
import type { RolledBack } from '../core/install/rolled-back.ts';
import type { AcceptedRelease } from '../core/release/accept.ts';
import type {
  InstallLock,
  InstallPlan,
  OpenProgram,
  PartialProgram,
  ProgramStore,
  StagedProgram,
  UpdateNames,
} from '../ports/program.ts';
import { MemoryPartialStore } from './memory-partial.ts';

export interface MemoryProgramOptions {
  /** Shown as the path of the program. Default `/memory/program`. */
  readonly path?: string;
  /** Bytes of one piece when it is read. Default 64 KiB. */
  readonly pieceBytes?: number;
}

export class MemoryProgram implements ProgramStore {
  /** The program as it is now; undefined while there is none. */
  content: Uint8Array | undefined;
  /** What was installed so far, oldest first. */
  readonly installed: AcceptedRelease[] = [];
  /** Which release each of them was to replace, where that was said. */
  readonly updates: (UpdateNames | undefined)[] = [];
  /** Another process installs: `lock` gives nothing. */
  isLockedElsewhere = false;
  /** Makes an update fail with this before it is put in place. */
  preflightFailure: PeerpatchError | undefined;
  /** Makes what comes next fail with this: the full disk, the missing permission. */
  failure: PeerpatchError | undefined;
  /** Makes `checkInstall` fail with this. */
  refusal: PeerpatchError | undefined;
  /** The roll back that was the last thing to happen to the program. */
  rolledBack: RolledBack | undefined;
  /** What `checkInstall` was asked, oldest first. */
  readonly plans: InstallPlan[] = [];
  readonly #path: string;
  readonly #pieceBytes: number;
  /** Programs that are there in part. */
  readonly partials: MemoryPartialStore = new MemoryPartialStore();
  #staged = 0;
  #isLocked = false;

  constructor(content?: Uint8Array, { path = '/memory/program', pieceBytes = 64 * 1024 }: MemoryProgramOptions = {}) {
    this.content = content;
    this.#path = path;
    this.#pieceBytes = pieceBytes;
  }

  /** Staged programs that were neither installed nor discarded: 0 when everybody tidied up. */
  get staged(): number {
    return this.#staged;
  }

  open(): Promise<OpenProgram> {
    const { content } = this;
    if (content === undefined) {
      return Promise.reject(new PeerpatchError('PROGRAM_UNREADABLE', `could not read ${this.#path}: there is none`));
    }
    const pieceBytes = this.#pieceBytes;
    return Promise.resolve({
      path: this.#path,
      sizeBytes: content.length,
      identity: toHex(sha512Half(content)),
      read: (from = 0) => pieces(content, from, pieceBytes),
      readAt: async (offset, length, memory = new Uint8Array(length)) => {
        await Promise.resolve();
        checkRange(offset, length, content.length);
        checkRange(0, length, memory.length);
        memory.set(content.subarray(offset, offset + length));
        return memory.subarray(0, length);
      },
      close: () => Promise.resolve(),
    });
  }

  async checkInstall(plan: InstallPlan): Promise<void> {
    await Promise.resolve();
    this.plans.push(plan);
    if (this.refusal !== undefined) throw this.refusal;
  }

  stage(sizeBytes: number): Promise<StagedProgram> {
    return this.#attempt(() => {
      this.#staged++;
      return this.#stagedProgram(sizeBytes);
    });
  }

  async resume(name: string, sizeBytes: number): Promise<PartialProgram> {
    return this.#attempt(async () => {
      const partial = await this.partials.open(name, sizeBytes);
      this.#staged++;
      let open = true;
      /** Ends it in one way or another, once. */
      const end = async (how: () => Promise<void>): Promise<void> => {
        if (open) this.#staged--;
        open = false;
        await how();
      };
      return {
        sizeBytes,
        isNew: partial.isNew,
        read: (offset, length, memory) => partial.read(offset, length, memory),
        write: (offset, bytes) => this.#attempt(() => partial.write(offset, bytes)),
        close: () => end(() => partial.close()),
        discard: () => end(() => partial.discard()),
        install: (release, update) =>
          this.#attempt(async () => {
            if (!open)
              throw new PeerpatchError('INSTALL_FAILED', 'this partial program was installed, closed or discarded');
            const content = await partial.read(0, sizeBytes);
            this.#put(content, release, update);
            await end(() => partial.discard());
          }),
      };
    });
  }

  lock(): Promise<InstallLock | undefined> {
    return this.#attempt(() => {
      if (this.isLockedElsewhere || this.#isLocked) return undefined;
      this.#isLocked = true;
      return {
        release: () => {
          this.#isLocked = false;
          return Promise.resolve();
        },
      };
    });
  }

  rollBackTo({ id }: ReleaseName): Promise<RolledBack | undefined> {
    return this.#attempt(() => (this.rolledBack?.to.id === id ? this.rolledBack : undefined));
  }

  /** Whether the lock was taken and not given back: false when everybody tidied up. */
  get isLocked(): boolean {
    return this.#isLocked;
  }

  #put(content: Uint8Array, release: AcceptedRelease, update: UpdateNames | undefined): void {
    if (update !== undefined && this.preflightFailure !== undefined) throw this.preflightFailure;
    this.content = content;
    this.rolledBack = undefined;
    this.installed.push(release);
    this.updates.push(update);
  }

  #stagedProgram(sizeBytes: number): StagedProgram {
    const written: Uint8Array[] = [];
    let open = true;
    const close = (): void => {
      if (open) this.#staged--;
      open = false;
    };
    return {
      write: (bytes) =>
        this.#attempt(() => {
          written.push(bytes.slice());
        }),
      install: (release, update) =>
        this.#attempt(() => {
          if (!open) throw new PeerpatchError('INSTALL_FAILED', 'this staged program was installed or discarded');
          const content = concatBytes(...written);
          if (content.length !== sizeBytes) {
            throw new PeerpatchError('INSTALL_FAILED', `${content.length} of ${sizeBytes} bytes were written`);
          }
          this.#put(content, release, update);
          close();
        }),
      discard: () => {
        close();
        return Promise.resolve();
      },
    };
  }

  async #attempt<T>(work: () => Promise<T> | T): Promise<T> {
    await Promise.resolve(); // never done before the caller has gone on, as with a disk
    if (this.failure !== undefined) throw this.failure;
    return work();
  }
}

/** Copies into one buffer that is used again, as the port allows: who keeps a piece notices. */
async function* pieces(
  content: Uint8Array,
  from: number,
  pieceBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(pieceBytes);
  for (let at = from; at < content.length; at += pieceBytes) {
    const piece = content.subarray(at, at + pieceBytes);
    buffer.set(piece);
    await Promise.resolve();
    yield buffer.subarray(0, piece.length);
  }
}

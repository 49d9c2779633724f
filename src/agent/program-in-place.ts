/**
 * What the program's path holds, for an update: adopted when it is the owner's, never written over when it is not.
 *
 * Knows nothing of what runs or waits: update.ts draws the conclusions.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError, type ErrorCode } from '../core/base/errors.ts';
import type { ReleaseName } from '../core/install/release-id.ts';
import type { RolledBack } from '../core/install/rolled-back.ts';
import { compareAppVersions } from '../core/statement/app-version.ts';
import { errorEvent, type EmitEvent } from './events.ts';
import { releaseName } from './release-name.ts';
import type { Offered } from './replacement.ts';

export interface ProgramInPlaceParts {
  /** The program file, for messages. */
  readonly path: string;
  readonly emit: EmitEvent;
  /** What the program file held at the last look. */
  readonly inPlace: () => ReleaseName;
  /** The verified program at the path, when that is another file than before. */
  readonly findReplacement: () => Promise<Offered | undefined>;
  /** The roll back that put this release there. Undefined when none did. */
  readonly rollBackTo: (release: ReleaseName) => Promise<RolledBack | undefined>;
  /** Announces and serves this from now on. Takes over the file. */
  readonly offer: (offered: Offered) => Promise<void>;
  readonly signal: AbortSignal;
}

export class ProgramInPlace {
  readonly #parts: ProgramInPlaceParts;
  /** What was found last. Undefined before that, and when it could not be read. */
  #found: ReleaseName | undefined;
  /** What the path holds when that is not the owner's. */
  #foreign: string | undefined;
  /** Why it is not known whether a roll back put an older one there. */
  #unexplained: ErrorCode | undefined;
  /** What this process installed, where that cannot be read back: it says what only newer versions understand. */
  #unread: ReleaseName | undefined;

  constructor(parts: ProgramInPlaceParts) {
    this.#parts = parts;
  }

  /** What an update would be put in the place of. */
  get name(): ReleaseName {
    return this.#unread ?? this.#parts.inPlace();
  }

  /** The program at the path, when it is another one than at the last look. Failures are told. @param own what this process put there just now */
  async look(own?: ReleaseName): Promise<Offered | undefined> {
    const { findReplacement } = this.#parts;
    try {
      const found = await findReplacement();
      if (found === undefined) return undefined;
      this.#unread = undefined;
      this.#foreign = undefined;
      this.#found = releaseName(found);
      return found;
    } catch (error) {
      this.#found = undefined;
      if (own !== undefined) this.#unread = own;
      else if (isPeerpatchError(error)) this.#foreign = `something that is not the owner's program (${error.code})`;
      this.#tell(error);
      return undefined;
    }
  }

  /**
   * The roll back that put an older version in place: an update goes on from there. Asked anew at each look: a roll back puts the
   * file in place first and says so afterwards.
   *
   * @param installed the version that the file is taken to hold
   */
  async wentBack(installed: string): Promise<RolledBack | undefined> {
    this.#unexplained = undefined;
    const found = this.#found;
    if (found === undefined || !isOlder(found, installed)) return undefined;
    try {
      return await this.#parts.rollBackTo(found);
    } catch (error) {
      if (!isPeerpatchError(error)) throw error;
      this.#unexplained = error.code;
      return undefined;
    }
  }

  /** Announces and serves it from now on. */
  async offer(found: Offered): Promise<void> {
    try {
      await this.#parts.offer(found);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** @param installed the version that the file is taken to hold. @throws PeerpatchError INSTALL_PROGRAM_CHANGED */
  checkUnchanged(installed: string): void {
    const held = this.#foreign ?? this.#olderThan(installed);
    if (held === undefined) return;
    // Somebody put it there: an update on top would undo what they did.
    const message = `${this.#parts.path} holds ${held}: put the program back, or start what is there now`;
    throw new PeerpatchError('INSTALL_PROGRAM_CHANGED', message);
  }

  #olderThan(installed: string): string | undefined {
    if (this.#found === undefined || !isOlder(this.#found, installed)) return undefined;
    const why =
      this.#unexplained === undefined ? '' : `, and what is noted beside it cannot be read (${this.#unexplained})`;
    return `version ${this.#found.version}, which is older than ${installed}${why}`;
  }

  #tell(error: unknown): void {
    if (!this.#parts.signal.aborted) this.#parts.emit(errorEvent('install', error));
  }
}

function isOlder({ version }: ReleaseName, installed: string): boolean {
  return compareAppVersions(version, installed) < 0;
}

/**
 * What a command may touch: its output, its input, the environment, and the signal that Ctrl-C aborts.
 *
 * Passed in, so that tests run every command without a process.
 *
 * @module
 */

export interface CliContext {
  /** Writes to stdout. The caller ends its lines. */
  readonly out: (text: string) => void;
  /** Writes to stderr: progress, notes, errors. */
  readonly err: (text: string) => void;
  /** All of stdin as text. */
  readonly readStdin: () => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stderr is a terminal: progress bars are drawn there and nowhere else. */
  readonly interactive: boolean;
  /** Aborted by Ctrl-C and SIGTERM. Commands clean up and end. */
  readonly signal: AbortSignal;
}

/** What a finished command says, for people and for programs. */
export interface CommandResult {
  /** Lines for people, without the final newline. */
  readonly text: string;
  /** The same for `--json`: plain values, byte strings as hex. */
  readonly json: Readonly<Record<string, unknown>>;
}

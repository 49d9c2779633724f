/**
 * Parts of `process` that newer runtimes have, or that Node has without describing them.
 *
 * @module
 */
declare namespace NodeJS {
  interface Process {
    /** Node >= 22.15 and Bun, POSIX, main thread only. Node 24 aborts when the system call fails, Node 26 throws. */
    execve?(file: string, argv: readonly string[], env: Readonly<Record<string, string>>): never;
    /** The objects that own open handles: servers, sockets, watchers, child processes. Missing on Bun. */
    _getActiveHandles?(): unknown[];
  }
}

/**
 * Signals on their way through a thin parent: caught, handed to whoever is to have them, and died of.
 *
 * @module
 */
import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** What supervisors and people send. SIGUSR1 would otherwise start a debugger in the parent. */
const ALWAYS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'];
/** What a terminal sends to every process in front of it, so the child has it already. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
/** What concerns one process alone, cannot be caught, or is a fault of the parent's own. */
const NEVER: readonly NodeJS.Signals[] = [
  ...(['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGWINCH', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGPIPE', 'SIGPROF'] as const),
  ...(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP'] as const),
];

/** @param isAtChild the terminal, or the console of Windows, has sent it to the child already */
export type Deliver = (signal: NodeJS.Signals, isAtChild: boolean) => void;

/**
 * Takes over all signals of this process: listeners of others are removed, and what arrives goes to `deliver`.
 *
 * New listeners first: with none, even for a moment, SIGTERM would end the process.
 *
 * On Windows there are events of the console instead, which every process at it gets. To pass one on would be to end the child:
 * that is all that sending a signal does there.
 *
 * @param platform for tests
 */
export function takeSignals(deliver: Deliver, platform: NodeJS.Platform = process.platform): void {
  const deliverIt = (signal: NodeJS.Signals): void => {
    deliver(signal, false);
  };
  const noteIt = (signal: NodeJS.Signals): void => {
    deliver(signal, true);
  };
  // Any of the three: stdin or stdout are often redirected in a shell, and the terminal still sends Ctrl-C.
  const isWindows = platform === 'win32';
  const atTerminal = isWindows || [0, 1, 2].some((fd) => isatty(fd));
  for (const signal of Object.keys(constants.signals) as NodeJS.Signals[]) {
    const others = process.rawListeners(signal) as (() => void)[];
    if (NEVER.includes(signal)) {
      process.removeAllListeners(signal);
    } else if (FROM_TERMINAL.includes(signal)) {
      process.on(signal, atTerminal ? noteIt : deliverIt);
    } else if (ALWAYS.includes(signal) || others.length > 0) {
      process.on(signal, isWindows ? noteIt : deliverIt);
    }
    for (const other of others) process.removeListener(signal, other);
  }
}

/** Ends this process by `signal`, so that whoever waits for it sees what its child died of. */
export function dieBySignal(signal: NodeJS.Signals): never {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Still here: the signal is ignored or not yet delivered. Shells write a death by signal n as 128 + n.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  process.exit(128 + constants.signals[signal]);
}

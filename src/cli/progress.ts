/**
 * A progress bar on stderr, where that is a terminal; nothing elsewhere.
 *
 * @module
 */
import cliProgress from 'cli-progress';
import type { CliContext } from './context.ts';

export interface Progress {
  /** Bytes done, of all bytes. */
  readonly update: (doneBytes: number, totalBytes: number) => void;
  /** Leaves the bar as it is and goes to the next line. */
  readonly done: () => void;
}

export function createProgress({ interactive }: CliContext, label: string): Progress {
  if (!interactive) return { update: () => undefined, done: () => undefined };
  const bar = new cliProgress.SingleBar({
    format: `${label} [{bar}] {percentage} %  {done} of {all} MB`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    stream: process.stderr,
  });
  let started = false;
  return {
    update: (doneBytes, totalBytes) => {
      const sizes = { done: megabytes(doneBytes), all: megabytes(totalBytes) };
      if (!started) bar.start(totalBytes, doneBytes, sizes);
      else bar.update(doneBytes, sizes);
      started = true;
    },
    done: () => {
      if (started) bar.stop();
    },
  };
}

export interface StepProgress<Step extends string> {
  readonly update: (doneBytes: number, totalBytes: number, step: Step) => void;
  /** Leaves the bars as they are. A second call does nothing. */
  readonly done: () => void;
}

/** One bar below the other: the next begins with another step, and where a step starts from the beginning. */
export function createStepProgress<Step extends string>(
  context: CliContext,
  labels: Readonly<Record<Step, string>>,
): StepProgress<Step> {
  let current: { readonly step: Step; readonly bar: Progress } | undefined;
  let shown = 0;
  return {
    update: (doneBytes, totalBytes, step) => {
      if (current?.step !== step || doneBytes < shown) {
        current?.bar.done();
        current = { step, bar: createProgress(context, labels[step]) };
      }
      shown = doneBytes;
      current.bar.update(doneBytes, totalBytes);
    },
    done: () => {
      current?.bar.done();
      current = undefined;
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/**
 * What one program made of one pair: how many bytes, and what that cost.
 *
 * @module
 */

export interface Cost {
  readonly wallMs: number;
  /** The highest resident size of one of its processes. Undefined: nothing here can tell it. */
  readonly peakBytes: number | undefined;
}

export interface Measured {
  readonly bytes: number;
  /** Undefined: the bytes are known from an earlier run, and times of two runs are not comparable. */
  readonly cost: Cost | undefined;
}

export interface NotMeasured {
  /** Why, and what to do about it. */
  readonly reason: string;
}

export type Outcome = Measured | NotMeasured;

export function isMeasured(outcome: Outcome | undefined): outcome is Measured {
  return outcome !== undefined && 'bytes' in outcome;
}

/** The outcome, or the reason for which there is none: one broken pair must not end a run of an hour. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | NotMeasured> {
  try {
    return await work();
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    console.error(`  ${line}`);
    return { reason: line };
  }
}

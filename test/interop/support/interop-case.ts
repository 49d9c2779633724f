/**
 * A case of the interop table: a test that says which side makes the bytes, which side takes them, and in which versions.
 *
 * @module
 */
import { it } from 'vitest';

export interface CaseRow {
  /** As the table prints it; several tests may share a row. */
  readonly case: string;
  readonly direction: 'both ways' | 'equal' | 'Rust ← ours' | 'ours ← Rust' | 'both refuse' | 'ours' | 'differ';
  /** `rustpatcher 0.2.0, mainline 5.4.0` */
  readonly versions: string;
}

declare module 'vitest' {
  interface TaskMeta {
    interop?: CaseRow;
    /** How many things the test compared; 1 unless it says otherwise. */
    checks?: number;
  }
}

/** Tells how many things were compared: a loop over nothing must not look like a pass. */
export type CountChecks = (checks: number) => void;

/** Registers a test of the row. `name` is a sentence that can be false. */
export function interopCase(
  row: CaseRow,
  name: string,
  run: (count: CountChecks) => Promise<void> | void,
  timeoutMs?: number,
): void {
  // The row is known before the test runs: one that is skipped has its place in the table, too.
  const options = { meta: { interop: row }, ...(timeoutMs !== undefined && { timeout: timeoutMs }) };
  it(`${row.case} (${row.direction}; ${row.versions}): ${name}`, options, async ({ task }) => {
    await run((checks) => {
      if (checks <= 0) throw new RangeError('nothing was compared');
      task.meta.checks = (task.meta.checks ?? 0) + checks;
    });
  });
}

/**
 * The machine that figures come from: without it they say nothing.
 *
 * @module
 */
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** A machine with less to do than this counts as quiet. */
const QUIET_LOAD = 1;

/** A line each. To be looked at before the benchmarks put a load of their own on the machine. */
export function machineFacts(): readonly string[] {
  const [cpu] = cpus();
  const [load = 0] = loadavg();
  const gibibytes = (totalmem() / 1024 ** 3).toFixed(0);
  const other = load > QUIET_LOAD ? ': other work was running, a quiet machine does better' : '';
  return [
    `Date: ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `Machine: ${cpu?.model ?? 'unknown CPU'}, ${String(cpus().length)} cores, ${gibibytes} GiB`,
    `System: ${type()} ${release()}, Node ${process.versions.node}`,
    `Load average before the first benchmark: ${load.toFixed(1)}${other}`,
  ];
}

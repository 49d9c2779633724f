/**
 * What a process costs while it runs: memory and processor time, read from /proc. Linux only.
 *
 * @module
 */
import { readFileSync } from 'node:fs';

export interface ProcessCost {
  /** Resident memory at its highest, over every program the process was. */
  readonly peakBytes: number;
  /** Of all its threads and of children that have ended, user and system, since the process began. In steps of 10 ms. */
  readonly cpuMs: number;
}

export interface ProcessWatch {
  cost(): ProcessCost;
  end(): void;
}

const SAMPLE_MS = 20;
const TICK_MS = 10;
const KIB = 1024;

/** The process stays the same when it replaces itself by another program, but the kernel's peak starts anew: hence often. */
export function watchProcess(pid: number): ProcessWatch {
  let peakBytes = 0;
  const sample = (): void => {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(read(pid, 'status'))?.[1];
    // Absent for the instant in which one program makes way for the other.
    if (peak !== undefined) peakBytes = Math.max(peakBytes, Number(peak) * KIB);
  };
  const sampling = setInterval(() => {
    try {
      sample();
    } catch {
      // It has ended: whoever waits for it to say something learns why.
      clearInterval(sampling);
    }
  }, SAMPLE_MS);
  return {
    cost: () => {
      sample();
      return { peakBytes, cpuMs: cpuMs(pid) };
    },
    end: () => {
      clearInterval(sampling);
    },
  };
}

function cpuMs(pid: number): number {
  const stat = read(pid, 'stat');
  // The name in parentheses may hold anything; the 14th to 17th field are the times.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
}

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
}

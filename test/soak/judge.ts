/**
 * What the soak test found wrong, one sentence each.
 *
 * @module
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Copy, Said } from './copy.ts';
import type { SoakOwner } from './owner.ts';

/** A program says its size every five seconds: the first ones are still growing. */
const WARM_AFTER = 2;
const MAX_RSS_GROWTH = 1.35;
const MAX_MORE_HANDLES = 12;
/** As test/soak/host.ts has it. */
const MAX_BAD_STARTS = 2;
/** The program, the one before it, and little else. */
const MAX_PROGRAMS = 2.1;

export function judge(copies: readonly Copy[], owner: SoakOwner): readonly string[] {
  return copies.flatMap((copy, index) =>
    [...version(copy, owner), ...restarts(copy, owner), ...growth(copy), ...disk(copy)].map(
      (problem) => `copy ${index}: ${problem}`,
    ),
  );
}

function version(copy: Copy, { newestGood }: SoakOwner): string[] {
  const last = copy.said().findLast(({ event }) => event === 'start');
  const running = copy.pids().length;
  // Two would be a guard and a supervisor that did not see each other.
  const problems = running === 1 ? [] : [`runs ${running} times`];
  if (last?.version !== newestGood) problems.push(`runs ${String(last?.version)}, not ${newestGood}`);
  return problems;
}

/** To each release once, from each bad one back after all its starts, and after a kill: nothing else restarts a program. */
function restarts(copy: Copy, { good, bad }: SoakOwner): string[] {
  const starts = copy.said().filter(({ event }) => event === 'start').length;
  const rolledBack = copy.said().filter(({ event }) => event === 'rolled-back').length;
  const allowed = good + (MAX_BAD_STARTS + 1) * bad + 2 * copy.kills;
  const problems =
    starts <= allowed ? [] : [`was started ${starts} times, with ${copy.kills} kills; at most ${allowed} are right`];
  if (rolledBack > bad + copy.kills) problems.push(`was rolled back ${rolledBack} times`);
  return problems;
}

function growth(copy: Copy): string[] {
  // An agent that began while its address was cut off has no version yet: without sockets it is small, and no measure.
  const healths = copy.said().filter(({ event, version: running }) => event === 'health' && running !== undefined);
  const runs = [...new Set(healths.map(({ pid }) => pid))].map((pid) => healths.filter((each) => each.pid === pid));
  const warm = runs.flatMap((run) => run.slice(WARM_AFTER));
  const end = warm.slice(-Math.ceil(warm.length / 5));
  const problems: string[] = [];
  const [rss, rssAtEnd] = [median(warm, 'rssBytes'), median(end, 'rssBytes')];
  if (rss !== undefined && rssAtEnd !== undefined && rssAtEnd > rss * MAX_RSS_GROWTH) {
    problems.push(`its memory grew from ${mib(rss)} to ${mib(rssAtEnd)} MiB`);
  }
  const [handles, handlesAtEnd] = [median(warm, 'handles'), median(end, 'handles')];
  if (handles !== undefined && handlesAtEnd !== undefined && handlesAtEnd > handles + MAX_MORE_HANDLES) {
    problems.push(`its open handles grew from ${handles} to ${handlesAtEnd}`);
  }
  return problems;
}

/** What it takes: a download that was begun is a file of holes. */
function disk({ path }: Copy): string[] {
  const { size } = statSync(path);
  const seen = new Map<number, number>();
  for (const entry of readdirSync(dirname(path), { recursive: true, withFileTypes: true })) {
    const file = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    if (file?.isFile() === true) seen.set(file.ino, file.blocks * 512);
  }
  const bytes = [...seen.values()].reduce((sum, each) => sum + each, 0);
  return bytes <= size * MAX_PROGRAMS
    ? []
    : [`its folder holds ${mib(bytes)} MiB, ${(bytes / size).toFixed(1)} programs`];
}

function median(said: readonly Said[], name: 'rssBytes' | 'handles'): number | undefined {
  const values = said.flatMap((each) => (each[name] === undefined ? [] : [each[name]])).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)];
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

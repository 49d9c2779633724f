/**
 * The shim of shim/faults.c from the side of the tests: compiled once, told what to do, its trace read.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, '../shim/faults.c');

/** What is to go wrong. Changes, looks and calls are counted apart, from 1 on. */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'kill-before' | 'kill-after' | 'short'; readonly at: number }
  | { readonly kind: 'fail' | 'fail-look'; readonly at: number; readonly errno: number }
  | { readonly kind: 'pause' | 'pause-look'; readonly at: number; readonly path: string };

/** The same in a whole life, where a restart is between its runs. */
export interface LifeFault {
  readonly kind: 'none' | 'kill-before' | 'kill-after' | `kill-${'before' | 'after'}-${'call' | 'exec'}`;
  readonly at: number;
  /** 0 is the program that was started, 1 the one that a restart runs. */
  readonly run: number;
}

export const NO_FAULT: Fault = { kind: 'none' };

/** One operation of the trace. */
export interface Operation {
  readonly kind: 'change' | 'look' | 'call' | 'exec';
  /** A look changes nothing. */
  readonly isChange: boolean;
  readonly number: number;
  /** `open`, `write`, `sync`, `rename`, … */
  readonly name: string;
  readonly result: number;
  readonly errno: number;
  /** Paths, numbers of open files, offset and bytes in hex: as the shim writes them. */
  readonly about: readonly string[];
}

/** @returns path of the library @throws where there is no compiler */
export function compileShim(folder: string): string {
  const library = join(folder, 'faults.so');
  compile(['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, SOURCE, '-ldl', '-lpthread']);
  return library;
}

/** @throws where there is no compiler */
export function compile(args: readonly string[]): void {
  try {
    execFileSync('gcc', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing ? new Error('the fault tests need gcc: install it', { cause: error }) : error;
  }
}

/** @param folder real path of the folder to watch */
export function armText(fault: Fault, folder: string, trace: string): string {
  return `${faultText(fault)}!${folder}!${trace}`;
}

/** @param program real path of the program file */
export function armLifeText({ kind, at, run }: LifeFault, { root, program, trace }: ArmedPlace): string {
  return `${kind}:${at}:${run}!${root}!${trace}!0!${program}`;
}

interface ArmedPlace {
  readonly root: string;
  readonly program: string;
  readonly trace: string;
}

function faultText(fault: Fault): string {
  switch (fault.kind) {
    case 'none':
      return 'none';
    case 'kill-before':
    case 'kill-after':
    case 'short':
      return `${fault.kind}:${fault.at}`;
    case 'fail':
    case 'fail-look':
      return `${fault.kind}:${fault.at}:${fault.errno}`;
    case 'pause':
    case 'pause-look':
      return `${fault.kind}:${fault.at}:${fault.path}`;
  }
}

export function readTrace(path: string): readonly Operation[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [kind = '', number, name = '', result, errno, ...about] = line.split('\t');
    return {
      kind: kind as Operation['kind'],
      isChange: kind === 'change',
      number: Number(number),
      name,
      result: Number(result),
      errno: Number(errno),
      about,
    };
  });
}

export function changesOf(trace: readonly Operation[]): readonly Operation[] {
  return trace.filter(({ isChange }) => isChange);
}

/** For people: `change 7: rename home/.app.12-ab.peerpatch home/app`. */
export function describeOperation({ kind, number, name, about }: Operation, root: string): string {
  const short = about.map((part) => (part.length > 120 ? `${part.slice(0, 24)}…` : part.replaceAll(root, '')));
  return `${kind} ${number}: ${name} ${short.join(' ')}`;
}

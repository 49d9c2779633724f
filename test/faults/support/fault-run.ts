/**
 * One run of the fault tests: its folder, its programs, its workers; and what every matrix needs of them.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker, type ActOptions, type ChildParts } from './children.ts';
import type { ActOutcome } from '../child/messages.ts';

/** What a matrix found out about one case. */
export interface CaseResult {
  readonly name: string;
  readonly problems: readonly string[];
}

export interface MatrixResult {
  readonly matrix: string;
  readonly results: readonly CaseResult[];
  /** Cases that could not be tried here, each with its reason. */
  readonly skipped?: readonly string[];
  /** For people: what was counted. */
  readonly note?: string;
}

export class FaultRun {
  readonly parts: ChildParts;
  readonly #folder: string;
  readonly #atOnce: number;
  readonly #idle: Worker[] = [];
  readonly #all: Worker[] = [];
  readonly #seen = new Set<string>();
  #cases = 0;

  constructor(parts: ChildParts, { folder, atOnce }: { readonly folder: string; readonly atOnce: number }) {
    this.parts = parts;
    this.#folder = folder;
    this.#atOnce = atOnce;
    mkdirSync(folder, { recursive: true });
  }

  /** Path of a folder that is not there yet. */
  newRoot(): string {
    return join(this.#folder, String(++this.#cases));
  }

  /** Whether the same was asked before. */
  hasSeen(key: string): boolean {
    const isKnown = this.#seen.has(key);
    this.#seen.add(key);
    return isKnown;
  }

  /** A process that lives on carries out the act. */
  async act(options: ActOptions): Promise<ActOutcome> {
    const worker = this.#idle.pop() ?? this.#newWorker();
    try {
      return await worker.act(options);
    } finally {
      if (worker.isAlive) this.#idle.push(worker);
    }
  }

  /** All of them, a few at a time. Results in the order of the tasks. */
  async each<T, R>(
    tasks: readonly T[],
    work: (task: T) => Promise<R>,
    atOnce: number = this.#atOnce,
  ): Promise<readonly R[]> {
    const results: R[] = [];
    let next = 0;
    const hands = Array.from({ length: atOnce }, async () => {
      for (let index = next++; index < tasks.length; index = next++) results[index] = await work(tasks[index] as T);
    });
    await Promise.all(hands);
    return results;
  }

  end(): void {
    for (const worker of this.#all) worker.end();
  }

  #newWorker(): Worker {
    const worker = new Worker(this.parts);
    this.#all.push(worker);
    return worker;
  }
}

/** One case: its problems, a thrown error among them. */
export async function judged(name: string, judge: () => Promise<readonly string[]>): Promise<CaseResult> {
  try {
    return { name, problems: await judge() };
  } catch (error) {
    return { name, problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
}

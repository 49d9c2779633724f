/**
 * The Rust side of a case, as a child process that answers one request per line (rust/shared/oracle/main.rs).
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { program, type Workspace } from './workspaces.ts';

type Fields = Readonly<Record<string, string | number | readonly string[]>>;

interface AnswerLine {
  readonly id: number;
  readonly ok?: unknown;
  readonly error?: string;
  readonly panic?: string;
}

/** The crate under test refused: it returned an error. */
export class OracleRefusal extends Error {}
/** The crate under test panicked. */
export class OraclePanic extends Error {}

export interface Oracle {
  /** @throws OracleRefusal, OraclePanic */
  ask<T>(action: string, fields?: Fields): Promise<T>;
  close(): Promise<void>;
}

export function startOracle(workspace: Workspace['name']): Oracle {
  const child = spawn(program(workspace, 'oracle'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const waiting = new Map<number, (answer: AnswerLine) => void>();
  createInterface(child.stdout).on('line', (line) => {
    const answer = JSON.parse(line) as AnswerLine;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  void ended.then(() => {
    for (const [id, settle] of waiting) settle({ id, error: 'the oracle ended' });
  });
  let lastId = 0;
  return {
    async ask<T>(action: string, fields: Fields = {}): Promise<T> {
      const id = ++lastId;
      const answered = new Promise<AnswerLine>((resolve) => waiting.set(id, resolve));
      child.stdin.write(`${JSON.stringify({ id, do: action, ...fields })}\n`);
      const { ok, error, panic } = await answered;
      if (panic !== undefined) throw new OraclePanic(`${action}: ${panic}`);
      if (error !== undefined) throw new OracleRefusal(`${action}: ${error}`);
      return ok as T;
    },
    close: () => close(child, ended),
  };
}

async function close(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  const late = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(late);
}

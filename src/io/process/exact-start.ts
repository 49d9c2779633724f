/**
 * A command that starts a program with the very bytes this process was started with.
 *
 * Arguments and variables are bytes. The runtime reads them as UTF-8 and loses what is none, and it writes UTF-8 only. Where
 * something was lost, a shell is the way: it gets those bytes as octal numbers and replaces itself by the program. Linux only:
 * elsewhere a process cannot read its own bytes.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { PeerpatchError } from '../../core/base/errors.ts';

export interface Command {
  readonly path: string;
  /** What the program calls itself. A shell in between gives it the path. */
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What this process was started with. */
export interface OwnStart {
  /** The name it was called by first. */
  readonly args: readonly Buffer[];
  readonly variables: ReadonlyMap<string, Buffer>;
}

/** Linux allows 128 KiB for one argument, its end included; the script is one. */
const MAX_SCRIPT_BYTES = 131_071;
const SHELL = '/bin/sh';
/** Variables with other names would not outlive a shell. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * @param own {@link readOwnStart}; default: of this process
 * @returns `command` itself where text says everything: no shell is between then, which would drop something
 * @throws PeerpatchError RESTART_FAILED when the bytes that are not text are too many for a shell
 */
export function exactCommand(command: Command, own: OwnStart | undefined = readOwnStart()): Command {
  const { args: lostArgs, variables } = lossesOf(command, own);
  if (variables.length === 0 && lostArgs.every((bytes) => bytes === undefined)) return command;
  const script = exactScript(command, own);
  if (script === undefined) return command;
  const { path, args, env } = command;
  return { path: SHELL, argv0: SHELL, args: ['-c', script, path, ...args], env };
}

/**
 * What a shell does that is given the program and its arguments as text, `sh -c <script> <program> <argument>…`: it runs the
 * program with the very bytes, and with the variables whose names a shell drops.
 *
 * @param own {@link readOwnStart}; default: of this process
 * @param overwritten names of variables that a shell on the way there uses itself
 * @returns undefined where a shell passes on everything as it is
 * @throws PeerpatchError RESTART_FAILED when the bytes that are not text are too many for a shell
 */
export function exactScript(
  command: Omit<Command, 'path' | 'argv0'>,
  own: OwnStart | undefined = readOwnStart(),
  overwritten: ReadonlySet<string> = new Set(),
): string | undefined {
  const { args, variables } = lossesOf(command, own);
  const kept = Object.entries(command.env).flatMap(([name, text]) => {
    const isDropped = !SHELL_NAME.test(name) || overwritten.has(name);
    return isDropped && !variables.some((other) => other.name === name) ? [`${name}=${text}`] : [];
  });
  if (kept.length + variables.length === 0 && args.every((bytes) => bytes === undefined)) return undefined;

  const given = [...kept, ...variables.map(({ name, bytes }) => Buffer.concat([Buffer.from(`${name}=`), bytes]))];
  const lines = [
    ...args.flatMap((bytes, index) => (bytes === undefined ? [] : assign(`a${index}`, bytes))),
    ...given.flatMap((entry, index) => assign(`v${index}`, entry)),
    // Names below: parameters of the shell are the program and its arguments.
    ['exec', ...(given.length > 0 ? ['/usr/bin/env'] : []), ...given.map((_, index) => `"$v${index}"`), '"$0"']
      .concat(args.map((bytes, index) => (bytes === undefined ? `"\${${index + 1}}"` : `"$a${index}"`)))
      .join(' '),
  ];
  const script = lines.join('\n');
  if (Buffer.byteLength(script) > MAX_SCRIPT_BYTES) {
    throw new PeerpatchError(
      'RESTART_FAILED',
      'arguments and variables that are not UTF-8 are too long to be kept: the old program goes on until it is started again',
    );
  }
  return script;
}

/** An environment without the names that have no value. */
export function definedVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Undefined where the system does not tell. */
export function readOwnStart(): OwnStart | undefined {
  try {
    return parseOwnStart(readFileSync('/proc/self/cmdline'), readFileSync('/proc/self/environ'));
  } catch {
    return undefined; // no /proc
  }
}

/** @param cmdline, environ strings that end with a zero byte each */
export function parseOwnStart(cmdline: Buffer, environ: Buffer): OwnStart {
  const variables = new Map<string, Buffer>();
  for (const entry of split(environ)) {
    const equals = entry.indexOf('=', 1);
    if (equals > 0) variables.set(entry.toString('utf8', 0, equals), entry.subarray(equals + 1));
  }
  return { args: split(cmdline), variables };
}

function split(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    strings.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return strings;
}

/** What text does not say: for each argument its bytes or nothing, and the variables concerned. */
function lossesOf(
  { args, env }: Pick<Command, 'args' | 'env'>,
  own: OwnStart | undefined,
): {
  readonly args: readonly (Buffer | undefined)[];
  readonly variables: readonly { readonly name: string; readonly bytes: Buffer }[];
} {
  return {
    args: args.map((text, index) => lostBytes(text, own?.args[index + 1])),
    variables: Object.entries(env).flatMap(([name, text]) => {
      const bytes = lostBytes(text, own?.variables.get(name));
      return bytes === undefined ? [] : [{ name, bytes }];
    }),
  };
}

/** The bytes that `text` was read from, when it does not say all of them. */
function lostBytes(text: string, bytes: Buffer | undefined): Buffer | undefined {
  // Another text was put there since, or it is of another origin: then text is all there is.
  if (bytes === undefined || bytes.toString('utf8') !== text) return undefined;
  return Buffer.from(text).equals(bytes) ? undefined : bytes;
}

/** Bytes in octal: a substitution drops line feeds at its end, and the letter behind them does not let it. */
function assign(name: string, value: Buffer | string): string[] {
  if (typeof value === 'string') return [`${name}='${value.replaceAll("'", String.raw`'\''`)}'`];
  const octal = Array.from(value, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return [`${name}=$(printf '${octal}x')`, `${name}=\${${name}%x}`];
}

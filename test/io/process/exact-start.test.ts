import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  exactCommand,
  exactScript,
  parseOwnStart,
  readOwnStart,
  type Command,
} from '../../../src/io/process/exact-start.ts';

const NASTY = Buffer.from([0x61, 0xff, 0x0a, 0x27, 0x24, 0x28, 0x69, 0x64, 0x29, 0x5c, 0x25, 0x73, 0x22, 0x0a, 0x0a]);

/** A process that was started with these bytes, as its runtime sees it. */
function started(args: readonly Buffer[], variables: Readonly<Record<string, Buffer>> = {}) {
  const zero = Buffer.alloc(1);
  const cmdline = Buffer.concat([Buffer.from('called'), ...args.flatMap((arg) => [zero, arg]), zero]);
  const environ = Buffer.concat(
    Object.entries(variables).flatMap(([name, value]) => [Buffer.from(`${name}=`), value, zero]),
  );
  const own = parseOwnStart(cmdline, environ);
  const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.toString('utf8')]));
  const command = { path: '/usr/bin/python3', argv0: 'called', args: args.map((arg) => arg.toString('utf8')), env };
  return { own, command };
}

/** Prints arguments and environment in hex. */
const PRINT =
  'import os,sys,json;print(json.dumps([[os.fsencode(a).hex() for a in sys.argv[1:]],{os.fsencode(k).hex():os.fsencode(v).hex() for k,v in os.environb.items()}]))';

function run({ path, argv0, args, env }: Command): [string[], Record<string, string>] {
  const { stdout, stderr, status } = spawnSync(path, args, { argv0, env, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as [string[], Record<string, string>];
}

describe.runIf(process.platform === 'linux')('a program is started again with', () => {
  it('the same command where text says everything', () => {
    const { own, command } = started([Buffer.from('ä\nb')], { A: Buffer.from('ö') });
    expect(exactCommand(command, own)).toBe(command);
    expect(exactCommand(command, undefined)).toBe(command);
    expect(exactCommand({ ...command, args: ['other'] })).toMatchObject({ args: ['other'] });
  });

  it('the same command where only a shell would drop something; a script where there is one anyhow', () => {
    const variables = { 'with.dot': Buffer.from("it's\n"), 'c-d': Buffer.from(''), PLAIN: Buffer.from('a') };
    const { own, command } = started([Buffer.from('-c'), Buffer.from(PRINT)], variables);
    expect(exactCommand(command, own)).toBe(command);
    const { path, args, env } = command;
    const script = exactScript(command, own) ?? '';
    const [, seen] = run({ path: '/bin/sh', argv0: 'sh', args: ['-c', script, path, ...args], env });
    for (const [name, value] of Object.entries(variables)) {
      expect(seen[Buffer.from(name).toString('hex')], name).toBe(value.toString('hex'));
    }
    expect(exactScript({ args, env: { PLAIN: 'a' } }, own)).toBeUndefined();
    expect(exactScript({ args, env: { PLAIN: 'a' } }, own, new Set(['PLAIN']))).toContain("'PLAIN=a'");
  });

  it('bytes that are not UTF-8, quotes and line feeds at their end among them, in their place', () => {
    const plain = Array.from({ length: 12 }, (_, index) => Buffer.from(`plain ${index}`));
    const args = [Buffer.from('-c'), Buffer.from(PRINT), ...plain, NASTY, Buffer.from(''), Buffer.from('ä'), NASTY];
    const { own, command } = started(args);
    const [seen] = run(exactCommand(command, own));
    expect(seen).toEqual(args.slice(2).map((arg) => arg.toString('hex')));
  });

  it('variables that are not UTF-8, and those that a shell would drop', () => {
    const variables = {
      ODD: NASTY,
      'with.dot': Buffer.from('kept'),
      'both-odd': Buffer.from([0xfe]),
      PLAIN: Buffer.from('a b'),
    };
    const { own, command } = started([Buffer.from('-c'), Buffer.from(PRINT)], variables);
    const [, seen] = run(exactCommand(command, own));
    for (const [name, value] of Object.entries(variables)) {
      expect(seen[Buffer.from(name).toString('hex')], name).toBe(value.toString('hex'));
    }
  });

  it('what was changed since, not with what it was', () => {
    const { own, command } = started([Buffer.from('-c'), Buffer.from(PRINT), NASTY], { ODD: NASTY });
    const [, seen] = run(exactCommand({ ...command, env: { ODD: 'new' } }, own));
    expect(seen[Buffer.from('ODD').toString('hex')]).toBe(Buffer.from('new').toString('hex'));
  });

  it('nothing less: too many such bytes are refused', () => {
    const { own, command } = started([Buffer.alloc(40_000, 0xff)]);
    expect(() => exactCommand(command, own)).toThrow(expect.objectContaining({ code: 'RESTART_FAILED' }) as Error);
  });

  it('and this process can read what it was started with', () => {
    expect(readOwnStart()?.args.length).toBeGreaterThan(0);
    expect(readOwnStart()?.variables.get('PATH')?.toString()).toBe(process.env['PATH']);
  });
});

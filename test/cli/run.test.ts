import { describe, expect, it } from 'vitest';
import { PeerpatchError, type ErrorCode } from '../../src/core/base/errors.ts';
import type { RegisterCommand } from '../../src/cli/run.ts';
import { cli } from '../support/cli.ts';

/** A command that does what a test says. */
const doing =
  (work: () => Promise<{ text: string; json: Record<string, unknown> }>): RegisterCommand =>
  (program, _context, finish) => {
    program.command('do').description('does it').option('--with <what>').action(finish(work));
  };
const done = doing(() => Promise.resolve({ text: 'two\nlines', json: { lines: 2 } }));
const failing = (code: ErrorCode): RegisterCommand => doing(() => Promise.reject(new PeerpatchError(code, 'try that')));

describe('a command line', () => {
  it('that is done prints its text, or one line of JSON, and ends with 0', async () => {
    expect(await cli(done, ['do'])).toMatchObject({ code: 0, out: 'two\nlines\n', err: '' });
    expect(await cli(done, ['do', '--json'])).toMatchObject({ code: 0, out: '{"lines":2}\n', err: '' });
  });

  it('that fails prints the code and what to do, and ends with 1', async () => {
    const failed = await cli(failing('DHT_UNREACHABLE'), ['do']);
    expect(failed).toMatchObject({ code: 1, out: '', err: 'DHT_UNREACHABLE: try that\n' });
    const asJson = await cli(failing('DHT_UNREACHABLE'), ['do', '--json']);
    expect(asJson).toMatchObject({ code: 1, err: '' });
    expect(asJson.json()).toEqual({ error: { code: 'DHT_UNREACHABLE', message: 'try that' } });
  });

  it('with a value that makes no sense ends with 2', async () => {
    expect(await cli(failing('OPTION_INVALID'), ['do'])).toMatchObject({ code: 2, err: 'OPTION_INVALID: try that\n' });
  });

  for (const args of [[], ['don'], ['do', '--wit', 'x'], ['do', '--with'], ['do', 'argument']]) {
    it(`that is wrong prints nothing to stdout and ends with 2: ${args.join(' ')}`, async () => {
      const { code, out, err } = await cli(done, args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).not.toBe('');
    });
  }

  for (const args of [
    ['do', '--wit', 'x', '--json'],
    ['don', '--json'],
    ['--json', 'do'],
  ]) {
    it(`that is wrong says so in JSON where that is wanted: ${args.join(' ')}`, async () => {
      const { code, err, json } = await cli(done, args);
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(json()).toEqual({ error: { code: 'OPTION_INVALID', message: expect.any(String) as string } });
    });
  }

  for (const [args, text] of [
    [['--help'], 'do [options]'],
    [['help', 'do'], '--with <what>'],
    [['do', '--help'], '--json'],
    [['--version'], '0.0.0'],
  ] as const) {
    it(`that asks for it gets it on stdout, with 0: ${args.join(' ')}`, async () => {
      const { code, out, err } = await cli(done, args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain(text);
    });
  }

  it('that meets a bug rejects: its stack is wanted', async () => {
    const buggy = doing(() => Promise.reject(new TypeError('a bug')));
    await expect(cli(buggy, ['do'])).rejects.toThrow('a bug');
  });
});

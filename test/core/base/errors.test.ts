import { describe, expect, it } from 'vitest';
import { ERROR_CODES, isPeerpatchError, PeerpatchError } from '../../../src/core/base/errors.ts';

describe('PeerpatchError', () => {
  it('carries code, message and cause, and is an Error', () => {
    const cause = new Error('why');
    const error = new PeerpatchError('CANCELLED', 'stopped', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'PeerpatchError',
      code: 'CANCELLED',
      message: 'stopped',
      cause,
    });
    expect(String(error)).toBe('PeerpatchError: stopped');
  });

  it('has codes that say their area first, each once', () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
    for (const code of ERROR_CODES) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });
});

describe('isPeerpatchError', () => {
  const error = new PeerpatchError('RELEASE_NOT_NEWER', 'x');
  const cases: [name: string, answer: boolean, expected: boolean][] = [
    ['any of ours', isPeerpatchError(error), true],
    ['one of the codes', isPeerpatchError(error, 'CANCELLED', 'RELEASE_NOT_NEWER'), true],
    ['another code', isPeerpatchError(error, 'CANCELLED'), false],
    ['an error of the system with a code', isPeerpatchError(Object.assign(new Error(), { code: 'ENOENT' })), false],
    ['no error at all', isPeerpatchError(undefined), false],
  ];
  it.each(cases)('%s', (_name, answer, expected) => {
    expect(answer).toBe(expected);
  });
});

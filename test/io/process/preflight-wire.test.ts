import { describe, expect, it } from 'vitest';
import {
  decodePreflightAnswer,
  encodePreflightAnswer,
  isPreflightNonce,
} from '../../../src/io/process/preflight-wire.ts';

const answer = { nonce: '0123456789abcdef0123456789abcdef', version: '1.2.3-rc.1', id: 'ab'.repeat(32) };
const line = `{"peerpatch":1,"nonce":"${answer.nonce}","version":"1.2.3-rc.1","id":"${answer.id}"}\n`;

describe('the answer to a preflight', () => {
  it('is one line of JSON, and is read as it was written', () => {
    expect(encodePreflightAnswer(answer)).toBe(line);
    expect(decodePreflightAnswer(line)).toEqual(answer);
  });

  const refused: [name: string, text: string][] = [
    ['nothing', ''],
    ['no end of the line', line.trimEnd()],
    ['two lines', line + line],
    ['another format', line.replace('"peerpatch":1', '"peerpatch":2')],
    ['another order', line.replace(/"nonce":"[^"]*",/, '').replace('}', ',"nonce":"x"}')],
    ['white space', line.replace(',', ', ')],
    ['one key more', line.replace('}', ',"more":1}')],
    ['a number for a version', line.replace('"1.2.3-rc.1"', '1')],
    ['null', 'null\n'],
    ['no JSON', '{\n'],
    ['a line too long', line.replace('1.2.3', '1'.repeat(1000))],
  ];
  for (const [name, text] of refused) {
    it(`is none with ${name}`, () => {
      expect(decodePreflightAnswer(text)).toBeUndefined();
    });
  }

  it('asks for 32 hex digits', () => {
    expect(isPreflightNonce(answer.nonce)).toBe(true);
    for (const text of ['', '1', answer.nonce.toUpperCase(), `${answer.nonce}0`])
      expect(isPreflightNonce(text)).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { decodeTicket, encodeTicket } from '../../../src/core/install/ticket.ts';

const GOLDEN = '{"format":1,"pid":4711,"system":"0a1b2c3d","startedAt":"123456","free":false}\n';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a ticket of the install lock', () => {
  it('is this line', () => {
    const ticket = { pid: 4711, system: '0a1b2c3d', startedAt: '123456', free: false };
    expect(new TextDecoder().decode(encodeTicket(ticket))).toBe(GOLDEN);
    expect(decodeTicket(bytes(GOLDEN))).toEqual(ticket);
    expect(decodeTicket(encodeTicket({ ...ticket, startedAt: '-', free: true }))).toMatchObject({
      startedAt: '-',
      free: true,
    });
  });

  it.each([
    ['nothing', ''],
    ['another format', GOLDEN.replace('1,', '2,')],
    ['a process number as text', GOLDEN.replace('4711', '"4711"')],
    ['a negative process number', GOLDEN.replace('4711', '-1')],
    ['a system too long', GOLDEN.replace('0a1b2c3d', '0a1b2c3d0')],
    ['a start that is no number', GOLDEN.replace('"123456"', '"now"')],
    ['no word on whether it is free', GOLDEN.replace(',"free":false', '')],
    ['a key more', GOLDEN.replace('}', ',"x":1}')],
  ])('rejects: %s', (_name, text) => {
    expect(() => decodeTicket(bytes(text))).toThrow(expect.objectContaining({ code: 'INSTALL_STATE_DAMAGED' }));
  });
});

import { describe, expect, it } from 'vitest';
import { bindAddresses } from '../../../src/io/net/bind-addresses.ts';

const cases: [name: string, host: string | undefined, local: string[], expected: string[]][] = [
  ['every interface', undefined, ['127.0.0.1', '::1'], []],
  ['IPv4, and IPv6 kept on loopback', '127.0.0.1', ['127.0.0.1', '::1'], ['127.0.0.1:0', '[::1]:0']],
  ['IPv4 on a machine without IPv6', '192.0.2.7', ['127.0.0.1', '192.0.2.7'], ['192.0.2.7:0']],
  ['IPv6, and IPv4 kept on loopback', '2001:db8::1', ['127.0.0.1', '::1'], ['[2001:db8::1]:0', '127.0.0.1:0']],
  ['IPv6 on a machine without IPv4', '::1', ['::1'], ['[::1]:0']],
];

describe('bindAddresses', () => {
  for (const [name, host, local, expected] of cases) {
    it(`binds ${name}`, () => {
      expect(bindAddresses(host, local)).toEqual(expected);
    });
  }
});

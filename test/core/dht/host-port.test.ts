import { describe, expect, it } from 'vitest';
import { parseHostPort } from '../../../src/core/dht/host-port.ts';

describe('host:port of a bootstrap node', () => {
  it.each([
    ['127.0.0.1:6881', '127.0.0.1', 6881],
    ['[::1]:1', '::1', 1],
    [' router.example.org:65535 ', 'router.example.org', 65535],
    ['node-1:25401', 'node-1', 25401],
  ])('reads %s', (text, host, port) => {
    expect(parseHostPort(text)).toEqual({ host, port });
  });

  it.each([
    '',
    'example.org',
    ':6881',
    'example.org:',
    'example.org:0',
    'example.org:65536',
    'example.org:06881',
    '::1:6881',
    '[::1]',
    '[127.0.0.1]:6881',
    '256.0.0.1:6881',
    '1.2.3:6881',
    'a b:1',
    'https://example.org:443',
    `${'a'.repeat(64)}.org:1`,
  ])('rejects %j with OPTION_INVALID', (text) => {
    expect(() => parseHostPort(text)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

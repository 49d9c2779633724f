import { describe, expect, it } from 'vitest';
import { isApp, isChannel, isStatementUrl, isTarget } from '../../../src/core/statement/fields.ts';

describe('texts in a statement', () => {
  const cases: [isValid: (text: string) => boolean, right: readonly string[], wrong: readonly string[]][] = [
    [isApp, ['a', '@scope/tool', 'My.App_2-x', 'a'.repeat(64)], ['', 'a b', 'a:b', 'ä', 'a'.repeat(65), 'a\n']],
    [isTarget, ['linux-x64', 'a', '9'.repeat(32)], ['', 'Linux', 'linux_x64', '9'.repeat(33), 'linux-x64\n']],
    [isChannel, ['stable', 'Beta.1_x-2'], ['', 'a/b', '@', 'a'.repeat(33), 'a ']],
    [
      isStatementUrl,
      [
        'https://example.com',
        'http://a',
        'https://example.com:8443/a/b%20c',
        'http://[2001:db8::1]/x',
        `http://a${'b'.repeat(192)}`,
      ],
      [
        '',
        'https://',
        'https:///a',
        'ftp://example.com',
        'file:///etc/passwd',
        'HTTPS://example.com',
        'https://user@example.com',
        'https://user:password@example.com',
        'https://@example.com',
        'https://example.com/?',
        'https://example.com/#',
        'https://example.com\\a',
        'https://example.com/a b',
        'https://exämple.com',
        'https://example.com:99999',
        'javascript:alert(1)',
        `http://a${'b'.repeat(193)}`,
      ],
    ],
  ];
  it.each(cases)('%o', (isValid, right, wrong) => {
    for (const text of right) expect(isValid(text), text).toBe(true);
    for (const text of wrong) expect(isValid(text), text).toBe(false);
  });
});

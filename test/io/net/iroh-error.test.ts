import { describe, expect, it } from 'vitest';
import { irohError, irohReason } from '../../../src/io/net/iroh-error.ts';

const BACKTRACE = '\n\nStack backtrace:\n   0: <anyhow::Error>::msg::<&str>\n   1: napi::tokio_runtime::execute';

describe('reasons of the addon', () => {
  const cases: [name: string, message: string, reason: string][] = [
    ['a plain sentence', 'invalid socket address syntax', 'invalid socket address syntax'],
    ['a backtrace', `data is not a valid public key${BACKTRACE}`, 'data is not a valid public key'],
    [
      'nested causes with source paths',
      'ConnectError::Connecting (/root/.cargo/registry/src/iroh-1.0.2/src/endpoint.rs:1060:20)\nCaused by:\n' +
        `    ConnectingError::ConnectionError (/root/.rustup/task/poll.rs:258:39)\n    timed out${BACKTRACE}`,
      'timed out',
    ],
    [
      'numbered causes',
      'ConnectError::Connect\nCaused by:\n    0: first (/a/b.rs:1:2)\n    1: Connecting to ourself is not supported (/c.rs:1)',
      'Connecting to ourself is not supported',
    ],
    [
      'a close by the peer',
      'ConnectionLost(ApplicationClosed(ApplicationClose { error_code: 0, reason: b"auth failed" }))',
      'the peer closed the connection: auth failed (0)',
    ],
    [
      'a close without a reason',
      'ApplicationClosed(ApplicationClose { error_code: 7, reason: b"" })',
      'the peer closed the connection: no reason given (7)',
    ],
    ['a close on this side', `ConnectionLost(LocallyClosed)${BACKTRACE}`, 'the connection was closed here'],
    [
      'a lookup without a result',
      'ConnectError::Connect (/a/endpoint.rs:1057:26)\nCaused by:\n' +
        '    No addressing information available (/a/endpoint.rs:1127:27)\n' +
        '    All address lookup services failed or produced no results\n' +
        "    Service 'dns' failed: no calls succeeded: [Failed to resolve TXT recordFailed to resolve TXT record] (/a.rs:1)",
      "n0's lookup does not know the peer, or cannot be reached",
    ],
    ['control characters of a stranger', 'bad\u001b[31m\u0007thing', 'bad [31m thing'],
    ['nothing', '', 'the transport gives no reason'],
  ];
  it.each(cases)('%s', (_name, message, reason) => {
    expect(irohReason(new Error(message))).toBe(reason);
  });

  it('are cut: a stranger writes part of them', () => {
    expect(irohReason(new Error('x'.repeat(10_000)))).toHaveLength(160);
    expect(irohReason('not an error')).toBe('not an error');
  });

  it('say what was tried, and keep their cause', () => {
    const cause = new Error('timed out');
    const error = irohError('could not connect', cause);
    expect(error).toMatchObject({ code: 'PEER_UNREACHABLE', message: 'could not connect: timed out', cause });
  });
});

/**
 * Puts a copy's events into words for the demo's screen.
 *
 * @module
 */
import type { CopyLine } from './copy.ts';
import { amount, progressBar } from './screen.ts';

export interface Said {
  readonly text: string;
  /** Worth a line of its own where nothing is redrawn. */
  readonly milestone: boolean;
}

/** Undefined for what is not worth showing. */
export function describe(line: CopyLine): Said | undefined {
  switch (line.type) {
    case 'started':
      return said(
        `running ${line.version ?? '?'} as process ${String(line.pid)}${line.reason === undefined ? '' : `: ${line.reason}`}`,
      );
    case 'announced':
      return { text: `announced ${line.version} at ${String(line.storedAt)} DHT nodes`, milestone: false };
    case 'published':
      return { text: `statement of ${line.version} at ${String(line.storedAt)} DHT nodes`, milestone: false };
    case 'planned':
      return said(`fetching ${line.version} by ${line.way}: about ${amount(line.expectedBytes)}`);
    case 'held-back':
      return said(`not taking ${line.version}: ${line.reason}`);
    case 'found':
      return said(`found ${line.version}, offered by ${String(line.peers)} ${line.peers === 1 ? 'peer' : 'peers'}`);
    case 'progress':
      return { text: progressBar(line.receivedBytes, line.totalBytes), milestone: false };
    case 'accepted':
      return said(`verified ${line.version} from ${amount(line.totalBytes)}: signature, hash and size are the owner's`);
    case 'installed':
      return said(`started ${line.version} once to try it out: it answers, so it replaces ${line.from}`);
    case 'restarting':
      return said(`restarting as ${line.version}`);
    case 'probation':
      return said(`${line.version} is on probation: when it crashes or hangs, the program before it comes back`);
    case 'confirmed':
      return said(`${line.version} has proven itself`);
    case 'rolled-back':
      return said(`${line.version} was rolled back to ${line.to}: ${line.reason}`);
    case 'served':
      return said(`served ${line.version} to ${line.peer.slice(0, 8)}`);
    case 'error':
      return said(`${line.during} failed, ${line.code}: ${line.message}`);
    case 'hello':
    case 'state':
    case 'checking':
    case 'checked':
    case 'waiting':
      return undefined;
  }
}

function said(text: string): Said {
  return { text, milestone: true };
}

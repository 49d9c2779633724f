/**
 * Reads what rustpatcher's updater logs: which peers it tried, and how long each took.
 *
 * @module
 */
import type { LiveProcess } from './live-process.ts';

export interface TriedPeer {
  /** Hex. */
  readonly nodeId: string;
  readonly tookMs: number;
}

const BEGIN = /^(\S+Z) +INFO rustpatcher::updater: Downloading patch .* from PublicKey\(([0-9a-f]{64})\)$/;
const END = /^(\S+Z) +INFO rustpatcher::updater: Downloaded patch: (true|false)$/;

/**
 * Waits until each of the peers has been tried in vain at least once. Returns all attempts in their order.
 *
 * @param nodeIds hex
 * @throws Error when an attempt succeeds, or the program ends
 */
export async function triedPeers(app: LiveProcess, nodeIds: ReadonlySet<string>): Promise<readonly TriedPeer[]> {
  const tried: TriedPeer[] = [];
  while ([...nodeIds].some((nodeId) => !tried.some((peer) => peer.nodeId === nodeId))) {
    const [, beganAt = '', nodeId = ''] = await app.says(BEGIN, tried.length);
    const [, endedAt = '', succeeded] = await app.says(END, tried.length);
    if (succeeded === 'true') throw new Error(`${nodeId} gave the program`);
    tried.push({ nodeId, tookMs: Date.parse(endedAt) - Date.parse(beganAt) });
  }
  return tried;
}

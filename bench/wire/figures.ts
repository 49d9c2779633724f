/**
 * What an update cost on the cable, from the frames that crossed it and what the copy told.
 *
 * The record was seen when the copy first turned to the peer it names: that address stands nowhere else.
 *
 * @module
 */
import { SEEDER, UPDATER } from '../rust/two-ends.ts';
import type { UpdateRun } from '../update-run.ts';
import type { Frame } from './capture.ts';

export interface WireFigures {
  /** Everything between record seen and installed, and the rest of the connection: both directions, all protocols. */
  readonly bytes: number;
  readonly frames: number;
  /** Of it, between the two peers. */
  readonly toUpdaterBytes: number;
  readonly toSeederBytes: number;
  /** Of it, with everybody else, the DHT above all. */
  readonly otherBytes: number;
  /** The look before it, until the record was seen. */
  readonly lookBytes: number;
  /** As the agent tells it. */
  readonly payloadBytes: number;
  readonly durationMs: number;
}

export function wireFigures(
  frames: readonly Frame[],
  { lookedAtMs, installedAtMs, receivedBytes }: UpdateRun,
): WireFigures {
  const between = (from: string, to: string): readonly Frame[] =>
    frames.filter((frame) => frame.from === from && frame.to === to && frame.atMs >= lookedAtMs);
  const [toUpdater, toSeeder] = [between(SEEDER, UPDATER), between(UPDATER, SEEDER)];
  const seenAtMs = Math.min(...[...toUpdater, ...toSeeder].map(({ atMs }) => atMs));
  const others = frames.filter((frame) => ![...toUpdater, ...toSeeder].includes(frame));
  const during = others.filter(({ atMs }) => atMs >= seenAtMs && atMs <= installedAtMs);
  const look = others.filter(({ atMs }) => atMs >= lookedAtMs && atMs < seenAtMs);
  return {
    bytes: total(toUpdater) + total(toSeeder) + total(during),
    frames: toUpdater.length + toSeeder.length + during.length,
    toUpdaterBytes: total(toUpdater),
    toSeederBytes: total(toSeeder),
    otherBytes: total(during),
    lookBytes: total(look),
    payloadBytes: receivedBytes,
    durationMs: installedAtMs - seenAtMs,
  };
}

function total(frames: readonly Frame[]): number {
  return frames.reduce((sum, { bytes }) => sum + bytes, 0);
}

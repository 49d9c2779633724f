/**
 * The time a host has for its own clean-up before its process is replaced.
 *
 * @module
 */
import { DEFAULT_RESTART_GRACE_MS, type SpawnOptions } from './options/options.ts';

/** Waits for `beforeRestart`, but not for ever. Rejects when the host refuses. */
export async function withinGrace({
  beforeRestart,
  restartGraceMs,
}: Pick<SpawnOptions, 'beforeRestart' | 'restartGraceMs'>): Promise<void> {
  if (beforeRestart === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, restartGraceMs ?? DEFAULT_RESTART_GRACE_MS);
  });
  try {
    await Promise.race([beforeRestart(), grace]);
  } finally {
    clearTimeout(timer);
  }
}

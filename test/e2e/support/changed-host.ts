/**
 * A later release of updating-host.ts: a few lines more, all else as it was.
 *
 * @module
 */
import { availableParallelism, freemem, totalmem } from 'node:os';
import { say } from './updating-host.ts';

/** Of the machine, as the new release tells it. */
function load(): string {
  const used = Math.round((1 - freemem() / totalmem()) * 100);
  return `${String(used)} % of the memory is used, ${String(availableParallelism())} threads are to be had`;
}

process.once('SIGUSR2', () => {
  say('load', { load: load() });
});

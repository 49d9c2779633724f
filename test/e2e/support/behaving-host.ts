/**
 * updating-host.ts with a flaw: behaviour.ts comes first.
 *
 * @module
 */
import { BEHAVIOUR } from './behaviour.ts';
import { say } from './updating-host.ts';

// The bundler leaves a module out that nothing is used of.
process.once('SIGUSR2', () => {
  say('behaviour', { behaviour: BEHAVIOUR });
});

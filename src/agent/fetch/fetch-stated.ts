/**
 * Fetches one stated release: its stamp, then the program by the cheapest way, then by the next one. Spec:
 * docs/spec/14-exchange.md.
 *
 * Everything is compared with the statement, whose signature was verified before. Neither decides whether this node may take the
 * release nor installs it.
 *
 * @module
 */
import { PeerpatchError, isPeerpatchError } from '../../core/base/errors.ts';
import type { PlannedWay } from '../../core/content/plan.ts';
import { isOwnFailure, type FetchedProgram } from '../candidate.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { fetchStamp, type FetchedStamp } from './fetch-stamp.ts';
import { goWay } from './fetch-ways.ts';
import { planStated, type PlanOptions } from './plan-stated.ts';
import type { WayResult } from './way.ts';
import { releaseName } from '../release-name.ts';

export interface FetchStatedOptions extends PlanOptions {
  readonly emit: EmitEvent;
}

/**
 * The sources stay open.
 *
 * @throws PeerpatchError CONTENT_NOT_FOUND and what the last way failed with, INSTALL_*, and the signal's reason
 */
export async function fetchStated(options: FetchStatedOptions): Promise<FetchedProgram> {
  const { statement, sources, signal, emit } = options;
  let stamp = await fetchStampOrNone(options);
  const { ways, manifest } = await planStated(options, stamp !== undefined);
  /** Whether a region belongs to this file shows when the file is here: one that does not is its sender's fault. */
  const go = async (way: PlannedWay): Promise<WayResult> => {
    for (;;) {
      try {
        return await goWay(way, { ...options, stamp, manifest });
      } catch (error) {
        if (way.kind === 'whole' || stamp === undefined || !isPeerpatchError(error, 'RELEASE_MISMATCH')) throw error;
        sources.drop(stamp.source, error);
        stamp = await fetchStamp(options);
      }
    }
  };
  for (const way of ways) {
    emit({ type: 'planned', version: statement.version, way: way.kind, expectedBytes: way.expectedBytes });
    try {
      const { whole, ...fetched } = await go(way);
      const givers = new Set([...sources.givers, ...(whole === undefined ? [] : [whole.from])]);
      return {
        ...fetched,
        name: releaseName({ release: fetched.release, statement }),
        receivedBytes: sources.receivedBytes + (whole?.receivedBytes ?? 0),
        from: [...givers].join(', '),
      };
    } catch (error) {
      signal.throwIfAborted();
      if (!isPeerpatchError(error) || isOwnFailure(error) || way === ways.at(-1)) throw error;
      // That nobody has what one way needs is no failure: the next `planned` tells it.
      if (!isPeerpatchError(error, 'CONTENT_NOT_FOUND')) emit(errorEvent('fetch', error));
    }
  }
  throw new PeerpatchError('CONTENT_NOT_FOUND', `there is no way to release ${statement.version}`);
}

/** The whole file brings its stamp along: only there nobody need have it apart. @throws PeerpatchError as `fetchStamp` */
async function fetchStampOrNone(options: FetchStatedOptions): Promise<FetchedStamp | undefined> {
  try {
    return await fetchStamp(options);
  } catch (error) {
    if (options.statement.speaksV0 && isPeerpatchError(error, 'CONTENT_NOT_FOUND')) return undefined;
    throw error;
  }
}

/**
 * Tells what a look for statements came upon that it does not believe, and blames who is to blame. Spec: docs/spec/11-statement.md.
 *
 * A source that fails or lies is named and left alone for a while, as when a release is fetched. What the owner signed is nobody
 * else's fault: it is told once, however many places hold it and however often they are asked.
 *
 * @module
 */
import { BoundedSet } from '../../core/base/bounded-set.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_SIGHTED_ITEMS } from '../../core/base/limits.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import type { StatedSources } from '../fetch/stated-sources.ts';
import type { Look, RefusedStatement } from './statements.ts';

export interface Refusals {
  /** @param sources those that were asked */
  tell(look: Look, sources: Pick<StatedSources, 'drop'>): void;
}

export function createRefusals(emit: EmitEvent): Refusals {
  /** Of the owner's statements. */
  const told = new BoundedSet(MAX_SIGHTED_ITEMS);

  const isNews = ({ code, source, signedId }: RefusedStatement, id: string): boolean => {
    // Of a conflict both sides are named.
    const key = code === 'STATEMENT_CONFLICT' ? `${id} ${source}` : id;
    if (signedId === undefined || told.has(key)) return false;
    told.add(key);
    return true;
  };

  return {
    tell({ refused, isCutOff }, sources) {
      const cutOff: RefusedStatement[] = [];
      for (const refusal of refused) {
        const { source, code, reason, signedId } = refusal;
        if (signedId !== undefined) {
          if (isNews(refusal, signedId)) emit(errorEvent('check', new PeerpatchError(code, `${source}: ${reason}`)));
        } else if (isDht(refusal)) {
          emit(errorEvent('check', new PeerpatchError(code, source === 'dht' ? reason : `${source}: ${reason}`)));
        } else if (isCutOff) {
          cutOff.push(refusal);
        } else {
          sources.drop({ name: source }, new PeerpatchError(code, reason), 'check');
        }
      }
      if (cutOff.length > 0) emit(errorEvent('check', allFailed(cutOff)));
    },
  };
}

function isDht({ source }: RefusedStatement): boolean {
  return source === 'dht' || source.startsWith('dht ');
}

/** Where nobody at all answers it is this machine's network: the sources are asked again at the next look, without blame. */
function allFailed(failures: readonly RefusedStatement[]): PeerpatchError {
  const each = failures.map(({ source, reason }) => `${source}: ${reason}`).join('; ');
  return new PeerpatchError(
    failures[0]?.code ?? 'PEER_UNREACHABLE',
    `no source could be asked for the newest release (${each}): is this machine online, and does it need a proxy (HTTPS_PROXY)`,
  );
}

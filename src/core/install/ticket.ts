/**
 * A ticket of the install lock: who waits for it or has it. Spec: docs/spec/16-journal.md.
 *
 * {"format":1,"pid":n,"system":"<8 hex>","startedAt":"<ticks>" or "-","free":bool}
 *
 * @module
 */
import { damaged, decodeKeptJson, encodeKeptJson, isCount } from './kept-json.ts';

export interface LockTicket {
  readonly pid: number;
  /** In what system process numbers mean something. */
  readonly system: string;
  /** When the process started, as its system counts; `-` where that is unknown. */
  readonly startedAt: string;
  /** Nobody's any more. It only says that its number was used. */
  readonly free: boolean;
}

export function encodeTicket({ pid, system, startedAt, free }: LockTicket): Uint8Array {
  return encodeKeptJson({ format: 1, pid, system, startedAt, free });
}

/** @throws PeerpatchError INSTALL_STATE_DAMAGED */
export function decodeTicket(bytes: Uint8Array): LockTicket {
  const { pid, system, startedAt, free } = decodeKeptJson('lock ticket', bytes, (object) => {
    const { format, pid, system, startedAt, free } = object;
    if (format !== 1) throw damaged('lock ticket', 'its format is unknown');
    if (!isCount(pid) || typeof system !== 'string' || !/^[0-9a-f]{8}$/.test(system)) return undefined;
    if (typeof startedAt !== 'string' || !/^(\d{1,20}|-)$/.test(startedAt) || typeof free !== 'boolean')
      return undefined;
    return { format, pid, system, startedAt, free };
  });
  return { pid, system, startedAt, free };
}

/**
 * `host:port` as users write it for bootstrap nodes: a name or an IP, IPv6 in brackets. Resolves nothing.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { parseIp } from './address.ts';

export interface HostPort {
  /** A name or an IP, without brackets. */
  readonly host: string;
  /** From 1 to 65535. */
  readonly port: number;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?$/i;

/** Reads `name:port`, `1.2.3.4:port` or `[::1]:port`. @throws PeerpatchError OPTION_INVALID */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([1-9]\d{0,4})$/.exec(text.trim());
  const [, bracketed, plain, digits] = match ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const valid = bracketed === undefined ? isHost(host) : parseIp(host)?.length === 16;
  if (match === null || !valid || port > 65535) {
    throw new PeerpatchError(
      'OPTION_INVALID',
      `${JSON.stringify(text.slice(0, 80))} is not the address of a DHT node: expected host:port, as in 192.0.2.1:6881 or [2001:db8::1]:6881`,
    );
  }
  return { host, port };
}

/** A name that is all digits and dots is meant as an IP, so it has to be one. */
function isHost(host: string): boolean {
  return /^[\d.]+$/.test(host) ? parseIp(host) !== undefined : HOST_NAME.test(host);
}

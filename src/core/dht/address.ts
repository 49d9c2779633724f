/**
 * Addresses of DHT nodes: IP as text in one form per address, and a port.
 *
 * IPv6 is written as RFC 5952 says (lower case, longest run of zeros as `::`), so that equal addresses are equal text.
 * Names are not resolved here; see host-port.ts for what users write.
 *
 * @module
 */

export type Family = 'ipv4' | 'ipv6';

export interface NodeAddress {
  readonly family: Family;
  /** The IP: `127.0.0.1`, or `::1` without brackets. */
  readonly host: string;
  /** From 1 to 65535. */
  readonly port: number;
}

/** `127.0.0.1:6881` or `[::1]:6881`: for logs, and as a map key. */
export function formatAddress(address: NodeAddress): string {
  return address.family === 'ipv4' ? `${address.host}:${address.port}` : `[${address.host}]:${address.port}`;
}

/** The address of 4 or 16 IP bytes and a port. */
export function addressOf(ip: Uint8Array, port: number): NodeAddress {
  return { family: ip.length === 4 ? 'ipv4' : 'ipv6', host: formatIp(ip), port };
}

/** The bytes of an IP: 4 or 16, or undefined when the text is not one. A zone (`%eth0`) is dropped. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** The one text of 4 or 16 IP bytes. */
export function formatIp(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((ip[index * 2] ?? 0) << 8) | (ip[index * 2 + 1] ?? 0));
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > longest.length) longest = { start, length };
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (longest.length < 2) return text(groups);
  return `${text(groups.slice(0, longest.start))}::${text(groups.slice(longest.start + longest.length))}`;
}

/** Loopback, private, link-local: addresses that mean nothing to a node elsewhere. */
export function isLocalIp(ip: Uint8Array): boolean {
  const [first = 0, second = 0] = ip;
  if (ip.length === 4) {
    return (
      first === 10 ||
      first === 127 ||
      (first === 172 && second >= 16 && second < 32) ||
      (first === 192 && second === 168) ||
      (first === 169 && second === 254)
    );
  }
  const loopback = ip.every((byte, index) => byte === (index === 15 ? 1 : 0));
  return loopback || (first & 0xfe) === 0xfc || (first === 0xfe && (second & 0xc0) === 0x80);
}

/** Whether a packet may be sent there: a unicast address and a port. */
export function isSendable(ip: Uint8Array, port: number): boolean {
  if (port < 1 || port > 65535) return false;
  const [first = 0] = ip;
  if (ip.length === 4) return first !== 0 && first < 224;
  const mapped = ip.every((byte, index) => (index < 10 ? byte === 0 : index < 12 ? byte === 0xff : true));
  return first !== 0xff && !mapped && ip.some((byte) => byte !== 0);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255))
    return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const [address = ''] = text.split('%');
  const [head = '', tail, ...rest] = address.split('::');
  if (rest.length > 0) return undefined;
  const left = parseGroups(head);
  const right = parseGroups(tail ?? '');
  if (left === undefined || right === undefined) return undefined;
  const missing = 16 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...left, ...Array<number>(missing).fill(0), ...right]);
}

function parseGroups(text: string): number[] | undefined {
  const bytes: number[] = [];
  const groups = text === '' ? [] : text.split(':');
  for (const [index, group] of groups.entries()) {
    const embedded = index === groups.length - 1 && group.includes('.') ? parseIpv4(group) : undefined;
    if (embedded !== undefined) bytes.push(...embedded);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

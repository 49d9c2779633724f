import { describe, expect, it } from 'vitest';
import type { PeerpatchError } from '../../../src/core/base/errors.ts';
import { formatAddress, type Family } from '../../../src/core/dht/address.ts';
import {
  bootstrapNodes,
  mayHaveFamily,
  parseBootstrapHosts,
  PUBLIC_BOOTSTRAP,
} from '../../../src/io/dht/bootstrap-hosts.ts';

const NAMES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'both.example': { ipv4: ['192.0.2.1', '192.0.2.2'], ipv6: ['2001:db8::1'] },
  'four.example': { ipv4: ['192.0.2.4'] },
  'odd.example': { ipv4: ['not an address'] },
};

const resolve = (name: string, family: string): Promise<readonly string[]> => {
  const found = NAMES[name]?.[family];
  return found ? Promise.resolve(found) : Promise.reject(new Error(`no ${family} address for ${name}`));
};

describe('bootstrap hosts', () => {
  it('are four well-known nodes by default', () => {
    expect(parseBootstrapHosts(PUBLIC_BOOTSTRAP).map(({ port }) => port)).toEqual([6881, 6881, 25401, 6881]);
  });

  const FAMILIES = ['ipv4', 'ipv6'] as const;
  const nodesOf = (texts: readonly string[], errors: PeerpatchError[] = [], families: readonly Family[] = FAMILIES) =>
    bootstrapNodes({
      hosts: parseBootstrapHosts(texts),
      families,
      resolve,
      onError: (error) => errors.push(error),
    });

  it('are looked up in the family that is asked for', async () => {
    const nodes = nodesOf(['both.example:1', '[2001:db8::9]:2', '192.0.2.9:3']);
    const four = await nodes.addresses('ipv4');
    expect(four.map(formatAddress)).toEqual(['192.0.2.1:1', '192.0.2.2:1', '192.0.2.9:3']);
    const six = await nodes.addresses('ipv6');
    expect(six.map(formatAddress)).toEqual(['[2001:db8::1]:1', '[2001:db8::9]:2']);
  });

  it('without any address are told, once, and do not hide the others', async () => {
    const errors: PeerpatchError[] = [];
    const nodes = nodesOf(['missing.example:1', 'odd.example:1', 'both.example:1'], errors);
    expect(await nodes.addresses('ipv4')).toHaveLength(2);
    expect(await nodes.addresses('ipv6')).toHaveLength(1);
    expect(errors.map(({ code, message }) => [code, message.split(':')[0]])).toEqual([
      ['DHT_UNREACHABLE', 'the DHT node missing.example has no address'],
    ]);
  });

  it('with an address in the other family only are no failure, unless that family has no socket', async () => {
    const errors: PeerpatchError[] = [];
    expect(await nodesOf(['four.example:1'], errors).addresses('ipv6')).toEqual([]);
    expect(errors).toEqual([]);
    expect(await nodesOf(['four.example:1'], errors, ['ipv6']).addresses('ipv6')).toEqual([]);
    expect(errors).toHaveLength(1);
  });

  it('that had an address are told again when they lose it', async () => {
    const errors: PeerpatchError[] = [];
    let isKnown = false;
    const nodes = bootstrapNodes({
      hosts: parseBootstrapHosts(['node.example:1']),
      families: FAMILIES,
      resolve: () => (isKnown ? Promise.resolve(['192.0.2.1']) : Promise.reject(new Error('ENOTFOUND'))),
      onError: (error) => errors.push(error),
    });
    await nodes.addresses('ipv4');
    isKnown = true;
    expect(await nodes.addresses('ipv4')).toHaveLength(1);
    isKnown = false;
    await nodes.addresses('ipv4');
    expect(errors).toHaveLength(2);
  });

  it('that are IPs need no resolver', async () => {
    expect(await nodesOf(['192.0.2.9:3'], [], ['ipv4']).addresses('ipv4')).toHaveLength(1);
  });

  it('can have the families of their form', () => {
    expect(mayHaveFamily({ host: 'name', port: 1 }, 'ipv6')).toBe(true);
    expect(mayHaveFamily({ host: '127.0.0.1', port: 1 }, 'ipv6')).toBe(false);
    expect(mayHaveFamily({ host: '::1', port: 1 }, 'ipv6')).toBe(true);
  });
});

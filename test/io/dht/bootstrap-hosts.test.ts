import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/dht/address.ts';
import {
  mayHaveFamily,
  parseBootstrapHosts,
  PUBLIC_BOOTSTRAP,
  resolveBootstrap,
} from '../../../src/io/dht/bootstrap-hosts.ts';

const NAMES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'both.example': { ipv4: ['192.0.2.1', '192.0.2.2'], ipv6: ['2001:db8::1'] },
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

  it('are resolved in the family that is asked for', async () => {
    const hosts = parseBootstrapHosts(['both.example:1', '[2001:db8::9]:2', '192.0.2.9:3']);
    const four = await resolveBootstrap(hosts, 'ipv4', resolve, () => undefined);
    expect(four.map(formatAddress)).toEqual(['192.0.2.1:1', '192.0.2.2:1', '192.0.2.9:3']);
    const six = await resolveBootstrap(hosts, 'ipv6', resolve, () => undefined);
    expect(six.map(formatAddress)).toEqual(['[2001:db8::1]:1', '[2001:db8::9]:2']);
  });

  it('that do not resolve are reported and do not hide the others', async () => {
    const errors: unknown[] = [];
    const hosts = parseBootstrapHosts(['missing.example:1', 'odd.example:1', 'both.example:1']);
    const found = await resolveBootstrap(hosts, 'ipv4', resolve, (error) => errors.push(error));
    expect(found).toHaveLength(2);
    expect(String(errors)).toContain('missing.example');
  });

  it('that are IPs need no resolver', async () => {
    const failing = (): Promise<never> => Promise.reject(new Error('asked'));
    const found = await resolveBootstrap(parseBootstrapHosts(['192.0.2.9:3']), 'ipv4', failing, (error) => {
      throw error;
    });
    expect(found).toHaveLength(1);
  });

  it('can have the families of their form', () => {
    expect(mayHaveFamily({ host: 'name', port: 1 }, 'ipv6')).toBe(true);
    expect(mayHaveFamily({ host: '127.0.0.1', port: 1 }, 'ipv6')).toBe(false);
    expect(mayHaveFamily({ host: '::1', port: 1 }, 'ipv6')).toBe(true);
  });
});

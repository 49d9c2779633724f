import { describe, expect, it } from 'vitest';
import { UpdaterMode } from '../../../src/core/schedule/mode.ts';
import type { Executable } from '../../../src/io/executable/executable.ts';
import { agentSettings, type SpawnOptions } from '../../../src/start/options/options.ts';

const publicKey = 'axegnqus3miex47g1kxf1j7j8spczbc57go7jgpeixq8nxjfz7gy';
const program: Executable = { kind: 'sea', path: '/opt/app', readAsset: () => undefined, describe: () => undefined };

describe('the options of spawn', () => {
  it('are completed with what most hosts want', () => {
    const settings = agentSettings({ publicKey }, program);
    expect(settings).toMatchObject({
      publicKey,
      mode: UpdaterMode.Now,
      intervalMs: 60_000,
      dhtPort: 0,
      relay: 'n0',
      maxVersion: undefined,
      skipVersions: [],
      bindHost: undefined,
      programPath: '/opt/app',
    });
    expect(settings.dhtBootstrap).toContain('router.bittorrent.com:6881');
  });

  it('survive the way to another thread', () => {
    const settings = agentSettings(
      {
        publicKey,
        mode: UpdaterMode.At(3, 30),
        relay: ['https://relay.example'],
        maxVersion: '1.9.9-rc.1',
        skipVersions: ['1.2.0'],
      },
      program,
    );
    expect(structuredClone(settings)).toEqual(settings);
  });

  const refused: [name: string, options: Partial<Record<keyof SpawnOptions, unknown>>, code: string][] = [
    ['no key', { publicKey: '' }, 'KEY_MALFORMED'],
    ['a key with one character too many', { publicKey: `${publicKey}y` }, 'KEY_MALFORMED'],
    ['an interval of nothing', { intervalMs: 0 }, 'OPTION_INVALID'],
    ['an interval that is no number', { intervalMs: Number.NaN }, 'OPTION_INVALID'],
    ['an interval of weeks, which no timer counts', { intervalMs: 2_592_000_000 }, 'OPTION_INVALID'],
    ['a grace without end', { restartGraceMs: Infinity }, 'OPTION_INVALID'],
    ['a grace that is over before it begins', { restartGraceMs: -1 }, 'OPTION_INVALID'],
    ['a time of day that is none', { mode: { kind: 'at', hour: 24, minute: 0 } }, 'OPTION_INVALID'],
    ['an unknown mode', { mode: { kind: 'sometimes' } }, 'OPTION_INVALID'],
    ['no bootstrap node', { dht: { bootstrap: [] } }, 'OPTION_INVALID'],
    ['a bootstrap node without a port', { dht: { bootstrap: ['localhost'] } }, 'OPTION_INVALID'],
    ['a port above 65535', { dht: { port: 65536 } }, 'OPTION_INVALID'],
    ['relays of nobody', { relay: 'mine' }, 'OPTION_INVALID'],
    ['an empty list of relays', { relay: [] }, 'OPTION_INVALID'],
    ['a relay that is no URL', { relay: ['relay example'] }, 'OPTION_INVALID'],
    ['a ceiling that is no version', { maxVersion: '2.x' }, 'OPTION_INVALID'],
    ['a ceiling that is a number', { maxVersion: 2 }, 'OPTION_INVALID'],
    ['versions to skip that are none', { skipVersions: ['v1.2.0'] }, 'OPTION_INVALID'],
    ['a version to skip without a list', { skipVersions: '1.2.0' }, 'OPTION_INVALID'],
    ['no kept program', { keepPrevious: 0 }, 'OPTION_INVALID'],
    ['too many kept programs', { keepPrevious: 11 }, 'OPTION_INVALID'],
    ['a preflight without time', { preflight: { timeoutMs: 0 } }, 'OPTION_INVALID'],
    ['a host name to bind', { bindHost: 'localhost' }, 'OPTION_INVALID'],
  ];
  for (const [name, options, code] of refused) {
    it(`refuse ${name}`, () => {
      expect(() => agentSettings({ publicKey, ...options } as SpawnOptions, program)).toThrow(
        expect.objectContaining({ code }),
      );
    });
  }

  it('are shown as they are when they are refused', () => {
    expect(() => agentSettings({ publicKey, intervalMs: Infinity }, program)).toThrow('option intervalMs is Infinity');
    const keepPrevious = 2n as unknown as number;
    expect(() => agentSettings({ publicKey, keepPrevious }, program)).toThrow('option keepPrevious is 2n');
  });
});

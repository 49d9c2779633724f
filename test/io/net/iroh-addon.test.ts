import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { irohTarget, loadIroh } from '../../../src/io/net/iroh-addon.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const fileWith = async (content: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-addon-'));
  folders.push(folder);
  await writeFile(join(folder, 'iroh.node'), content);
  return join(folder, 'iroh.node');
};

describe('the iroh addon', () => {
  it('loads from the installed packages, without a warning about them', () => {
    const warnings: string[] = [];
    const collect = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', collect);
    expect(typeof loadIroh().presetMinimal).toBe('function');
    process.off('warning', collect);
    expect(warnings).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('asks no name server about the open sockets of the process', () => {
    const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
    const excluded: (boolean | undefined)[] = [];
    const getReport = vi.spyOn(report, 'getReport').mockImplementation(() => {
      excluded.push(report.excludeNetwork);
      return { header: { glibcVersionRuntime: '2.36' } };
    });
    const before = report.excludeNetwork;
    loadIroh();
    getReport.mockRestore();
    expect(excluded).toEqual([true]);
    expect(report.excludeNetwork).toBe(before);
  });

  it('loads from a file, as an executable carries it', () => {
    const require = createRequire(createRequire(import.meta.url).resolve('@number0/iroh/package.json'));
    const target = irohTarget(process.platform, process.arch, true) ?? '';
    const loaded = loadIroh(require.resolve(`@number0/iroh-${target}`));
    expect(loaded.Endpoint.builder()).toBeDefined();
  });

  it('explains a file that is no addon, and one that is missing', async () => {
    const expected = expect.objectContaining({ code: 'TRANSPORT_UNAVAILABLE' }) as Error;
    const text = await fileWith('not a library');
    expect(() => loadIroh(text)).toThrow(expected);
    expect(() => loadIroh(`${text}.missing`)).toThrow(expected);
  });

  const targets: [platform: string, arch: string, glibc: boolean, target: string | undefined][] = [
    ['linux', 'x64', true, 'linux-x64-gnu'],
    ['linux', 'x64', false, 'linux-x64-musl'],
    ['linux', 'arm64', true, 'linux-arm64-gnu'],
    ['darwin', 'arm64', false, 'darwin-arm64'],
    ['darwin', 'x64', false, undefined],
    ['win32', 'x64', false, 'win32-x64-msvc'],
    ['linux', 'ia32', true, undefined],
    ['freebsd', 'x64', false, undefined],
  ];
  it.each(targets)('%s-%s, glibc %s: %s', (platform, arch, glibc, target) => {
    expect(irohTarget(platform, arch, glibc)).toBe(target);
  });
});

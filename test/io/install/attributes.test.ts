import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { keepAttributes } from '../../../src/io/install/attributes.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const PYTHON = '/usr/bin/python3';
const hasPython = process.platform === 'linux' && existsSync(PYTHON);

describe('keeping attributes', () => {
  const folder = useTempFolder();
  const setXattr = (path: string, name: string, hex: string): boolean => {
    try {
      run(PYTHON, '-c', `import os; os.setxattr(${JSON.stringify(path)}, "${name}", bytes.fromhex("${hex}"))`);
      return true;
    } catch {
      return false; // this file system or user has none
    }
  };
  const getXattr = (path: string, name: string): string =>
    run(PYTHON, '-c', `import os; print(os.getxattr(${JSON.stringify(path)}, "${name}").hex())`).trim();

  async function keep(copyTool?: string): Promise<string[]> {
    const [from, to] = [folder.join('old'), folder.join('new')];
    const staged = await open(to, 'wx+', 0o600);
    const warnings: string[] = [];
    try {
      await staged.writeFile('new program');
      const onWarning = ({ code }: { readonly code: string }) => warnings.push(code);
      await keepAttributes({ from, old: await stat(from), staged, onWarning, ...(copyTool && { copyTool }) });
      expect((await staged.stat()).size).toBe(11);
    } finally {
      await staged.close();
    }
    return warnings;
  }

  it.runIf(HAS_MODES).each([0o755, 0o711, 0o4755, 0o444])('keeps mode %o and says nothing', async (mode) => {
    writeFileSync(folder.join('old'), 'old');
    chmodSync(folder.join('old'), mode);
    expect(await keep()).toEqual([]);
    expect(statSync(folder.join('new')).mode & 0o7777).toBe(mode);
  });

  // cap_net_bind_service+ep, as setcap writes it; an access control list with one more user that may read and execute
  const CAPABILITY = '0100000200040000000000000000000000000000';
  const ACL = '0200000001000700ffffffff02000500d204000004000500ffffffff10000500ffffffff20000500ffffffff';
  it.runIf(hasPython).each([
    ['an extended attribute', 'user.label', '616263'],
    ['a file capability', 'security.capability', CAPABILITY],
    ['an access control list', 'system.posix_acl_access', ACL],
  ])('keeps %s', async (_name, attribute, hex) => {
    writeFileSync(folder.join('old'), 'old', { mode: 0o755 });
    if (!setXattr(folder.join('old'), attribute, hex)) return;
    expect(await keep()).toEqual([]);
    expect(getXattr(folder.join('new'), attribute)).toBe(hex);
  });

  it.runIf(process.platform === 'linux')(
    'INSTALL_ATTRIBUTES_LOST is told when the tool fails, and the rest is kept',
    async () => {
      writeFileSync(folder.join('old'), 'old');
      chmodSync(folder.join('old'), 0o750);
      writeFileSync(
        folder.join('tool'),
        '#!/bin/sh\necho "setting attributes: Operation not permitted" >&2\nexit 1\n',
        { mode: 0o755 },
      );
      expect(await keep(folder.join('tool'))).toEqual(['INSTALL_ATTRIBUTES_LOST']);
      expect(statSync(folder.join('new')).mode & 0o7777).toBe(0o750);
    },
  );

  it.runIf(process.platform === 'linux')('says nothing where the tool is another one, or none', async () => {
    writeFileSync(folder.join('old'), 'old');
    writeFileSync(folder.join('tool'), '#!/bin/sh\necho "cp: unrecognized option: attributes-only" >&2\nexit 1\n', {
      mode: 0o755,
    });
    expect(await keep(folder.join('tool'))).toEqual([]);
  });
});

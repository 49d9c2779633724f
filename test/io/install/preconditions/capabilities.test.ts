import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkCapabilities } from '../../../../src/io/install/preconditions/capabilities.ts';
import { OWN_SYSTEM, programPlace } from '../../../../src/io/install/preconditions/place.ts';
import { failure } from '../../../support/stamp-samples.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const PLAN = { sizeBytes: 100_000 };
const folder = useTempFolder();
let app = '';

beforeEach(() => {
  mkdirSync(folder.join('home'));
  app = folder.join('home', 'app');
  writeFileSync(app, 'old', { mode: 0o755 });
});

const listHome = (): readonly string[] => readdirSync(folder.join('home'));

describe.runIf(process.platform === 'linux')('INSTALL_NOT_WRITABLE for file capabilities', () => {
  const ask = async (script: string): Promise<void> => {
    writeFileSync(folder.join('tool'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    try {
      await checkCapabilities(await programPlace(app, PLAN, OWN_SYSTEM), folder.join('tool'));
    } finally {
      expect(listHome()).toEqual(['app']);
    }
  };

  it('where the tool that sets attributes may not set them', async () => {
    const said = (name: string): string => `echo "cp: setting attribute '${name}' for '${name}': denied" >&2`;
    const both = `${said('user.label')}; ${said('security.capability')}; exit 1`;
    await expect(ask(both)).rejects.toEqual(failure('INSTALL_NOT_WRITABLE'));
    await ask(`${said('user.label')}; exit 1`);
  });

  it('is not told where the tool is another one, or none', async () => {
    await ask('echo "cp: unrecognized option: attributes-only" >&2; exit 1');
    await checkCapabilities(await programPlace(app, PLAN, OWN_SYSTEM), folder.join('none'));
  });
});

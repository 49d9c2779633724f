/**
 * A copy of the built package as it is installed somewhere, with an addon of its own that a test may change.
 *
 * @module
 */
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const ADDON_SCOPE = '@number0';

export interface Installation {
  /** The script behind the command `peerpatch`. */
  readonly command: string;
  /** The platform's iroh addon. */
  readonly addon: string;
}

/** @param folder must not exist yet */
export async function installCopy(folder: string): Promise<Installation> {
  const modules = join(folder, 'node_modules');
  const scope = join(modules, ADDON_SCOPE);
  await mkdir(modules, { recursive: true });
  await cp(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    const from = join(ROOT, 'node_modules', name);
    if (name === ADDON_SCOPE) await cp(from, scope, { recursive: true, dereference: true });
    else await symlink(from, join(modules, name));
  }
  const addons = (await readdir(scope, { recursive: true })).filter((name) => name.endsWith('.node'));
  const [addon] = addons;
  if (addon === undefined || addons.length > 1) throw new Error(`one addon is installed, not: ${addons.join(', ')}`);
  return { command: join(folder, 'dist/cli/main.js'), addon: join(scope, addon) };
}

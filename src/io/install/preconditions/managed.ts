/**
 * Precondition: no package manager owns the program.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { appBundleOf, managerOfPath, MARKED_MANAGERS, type Manager } from '../../../core/install/managed-program.ts';
import { listingManager } from './package-databases.ts';
import type { Place } from './place.ts';

/** @throws PeerpatchError INSTALL_MANAGED */
export async function checkUnmanaged({ target, system }: Place): Promise<void> {
  const manager =
    managerOfPath(target, system.platform) ??
    (await markedManager(target, system)) ??
    (system.platform === 'linux' ? await listingManager(target, system.root) : undefined);
  if (manager === undefined) return;
  throw new PeerpatchError('INSTALL_MANAGED', `${target} belongs to ${manager.name}: ${manager.fix}`);
}

async function markedManager(target: string, { platform, root }: Place['system']): Promise<Manager | undefined> {
  if (platform === 'linux' && target.startsWith('/app/') && (await exists(join(root, '.flatpak-info')))) {
    return MARKED_MANAGERS.flatpak;
  }
  const bundle = platform === 'darwin' ? appBundleOf(target) : undefined;
  if (bundle === undefined || !(await exists(join(bundle, 'Contents/_MASReceipt/receipt')))) return undefined;
  return MARKED_MANAGERS.appStore;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

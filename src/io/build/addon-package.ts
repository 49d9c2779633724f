/**
 * The transport's native addon for a target, from the packages installed beside this one.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { irohTarget } from '../net/iroh-addon.ts';
import type { NodeBinary } from './node-binary.ts';

export interface AddonFile {
  /** `iroh.linux-x64-gnu.node` */
  readonly name: string;
  readonly path: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** @throws PeerpatchError BUILD_FAILED */
export async function findAddon({ platform, arch, usesGlibc }: NodeBinary): Promise<AddonFile> {
  const target = irohTarget(platform, arch, usesGlibc);
  if (target === undefined) {
    const what = `the transport has no addon for ${platform}-${arch}: programs cannot update themselves there`;
    throw new PeerpatchError('BUILD_FAILED', what);
  }
  const name = `@number0/iroh-${target}`;
  try {
    const iroh = createRequire(import.meta.url).resolve('@number0/iroh/package.json');
    const path = createRequire(iroh).resolve(name);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    return { name: basename(path), path, sha256 };
  } catch (cause) {
    throw new PeerpatchError(
      'BUILD_FAILED',
      `the addon for ${target} is not installed: run "npm install --no-save --force ${name}" beside peerpatch`,
      { cause },
    );
  }
}

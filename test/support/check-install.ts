/**
 * A process of its own that asks whether a program could be put in place, and prints what it is told: for tests that give it
 * another user or mounts of its own.
 *
 * @module
 */
import { isPeerpatchError } from '../../src/core/base/errors.ts';
import { checkNewFile, checkRewrite, checkUpdate } from '../../src/io/install/preconditions/check-install.ts';

const CHECKS = { update: checkUpdate, rewrite: checkRewrite, new: checkNewFile };
const [kind = '', path = '', sizeBytes = ''] = process.argv.slice(2);

try {
  await CHECKS[kind as keyof typeof CHECKS](path, { sizeBytes: Number(sizeBytes) });
  console.log(JSON.stringify({ code: 'none', message: '' }));
} catch (error) {
  if (!isPeerpatchError(error)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}

/**
 * Makes an owner's key pair and puts it into a key file.
 *
 * @module
 */
import { resolve } from 'node:path';
import { formatOwnerSeed, ownerKeyFromSeed } from '../core/keys/owner-key.ts';
import { formatPublicKey } from '../core/keys/public-key.ts';
import { createKeyFile } from '../io/files/key-file.ts';
import { systemRandom } from '../io/system/random.ts';

/** Where keys are made and looked for unless said otherwise, in the current folder. */
export const DEFAULT_KEY_FILE = 'owner_signing_key';

export interface CreatedKey {
  /** Absolute path of the file with the secret key. */
  readonly path: string;
  /** z-base-32, 52 characters: what goes into the program's code. */
  readonly publicKey: string;
}

/** @throws PeerpatchError KEY_FILE_EXISTS, KEY_FILE_UNWRITABLE */
export async function createKey(path: string = DEFAULT_KEY_FILE): Promise<CreatedKey> {
  const seed = systemRandom.bytes(32);
  const { publicKey } = ownerKeyFromSeed(seed);
  await createKeyFile(path, formatOwnerSeed(seed));
  return { path: resolve(path), publicKey: formatPublicKey(publicKey) };
}

export { readKeyFile } from '../io/files/key-file.ts';

/**
 * Whose programs the fault tests install.
 *
 * @module
 */
import { ownerKeyFromSeed, type OwnerKey } from '../../../src/core/keys/owner-key.ts';

export const OWNER: OwnerKey = ownerKeyFromSeed(new Uint8Array(32).fill(5));

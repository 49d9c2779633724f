/**
 * The one path of a file, whatever it was called by: links resolved, on Windows also short names (`PROGRA~1`) and the case of letters.
 *
 * There the runtime's own `realpathSync` leaves both as they are, and its asynchronous one does not: a program that was started by its
 * short name would look for its install folder where the install did not make it.
 *
 * @module
 */
import { realpathSync } from 'node:fs';

/** @param platform for tests. @throws the system's errors */
export function realPathSync(path: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? realpathSync.native(path) : realpathSync(path);
}

/**
 * What this process was started from, whatever stands at its path by now.
 *
 * @module
 */
import { statSync, type Stats } from 'node:fs';

/** Also when that is no file any more; undefined where the system does not tell. */
export function ownImage(): Stats | undefined {
  return statSync('/proc/self/exe', { throwIfNoEntry: false });
}

/**
 * Whether the program file is what this process was started from. Where the system does not tell, a file that is older than the
 * process is.
 */
export function isOwnImage(programPath: string): boolean {
  try {
    const file = statSync(programPath);
    const image = ownImage();
    if (image === undefined) return file.ctimeMs < performance.timeOrigin;
    return image.dev === file.dev && image.ino === file.ino;
  } catch {
    return false; // the program file is gone
  }
}

/**
 * Programs that run from a copy or an image of themselves which the system made: replacing them there replaces nothing. Spec:
 * docs/spec/07-install.md.
 *
 * macOS runs an application that was downloaded and never moved by its user from a random read-only path (App Translocation).
 *
 * @module
 */
import { appBundleOf } from './managed-program.ts';
import { shellWord } from './shell-word.ts';

/** What to do so that the program runs from where it really is; undefined when it does. @param path real path */
export function translocationFix(path: string): string | undefined {
  if (!/\/AppTranslocation\/[^/]+\//.test(path)) return undefined;
  const bundle = appBundleOf(path)?.split('/').at(-1) ?? 'the program';
  const command = `xattr -dr com.apple.quarantine ${shellWord(bundle)}`;
  return `quit it, move ${bundle} with the Finder to Applications and open it there, or run "${command}" where it is`;
}

/** Where a program on a read-only file system is the image that it was shipped in: what to do about it. */
export function imageFix(path: string): string | undefined {
  const [volume] = /^\/Volumes\/[^/]+/.exec(path) ?? [];
  if (volume !== undefined) return `it runs from the disk image ${volume}: copy it to Applications and open it there`;
  if (/\/\.mount_[^/]+\//.test(path)) {
    return 'it runs inside an AppImage: get the new AppImage, or run the program outside of one ("--appimage-extract")';
  }
  return undefined;
}

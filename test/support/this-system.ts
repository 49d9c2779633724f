/**
 * What this system has, for tests of what not every system has.
 *
 * @module
 */

export const IS_WINDOWS: boolean = process.platform === 'win32';
/** Modes, owners and umask mean something. Windows shows a mode that it makes up: 0666, or 0444 for a file not to be written. */
export const HAS_MODES: boolean = !IS_WINDOWS;
/** Scripts that begin with `#!` can be started, and `/bin/sh` runs them. */
export const HAS_SHELL: boolean = !IS_WINDOWS;

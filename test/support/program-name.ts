/**
 * What a program's file is called on this system: Windows starts only names with an extension.
 *
 * @module
 */

/** `app`, on Windows `app.exe`. @param platform for tests of tests */
export function programName(name: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? `${name}.exe` : name;
}

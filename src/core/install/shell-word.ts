/**
 * Paths in commands that people copy from a message: one word for a POSIX shell, whatever the path holds.
 *
 * @module
 */

/** `'/opt/it'\''s here'`: nothing inside single quotes means anything to a shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

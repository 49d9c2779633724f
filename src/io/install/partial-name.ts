/**
 * Names of files that are there in part, and whose they are.
 *
 * `.app.4711-0a1b2c3d-<root>.peerpatch`: process 4711 of the system 0a1b2c3d writes the release of that root beside `app`. While
 * it lives nobody else touches the file: a program that another process holds open for writing cannot be started. When it is
 * gone, the next process that wants the same content takes the file over by giving it its own name, which only one can.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface PartialName {
  readonly pid: number;
  /** Eight hex digits: in what system process numbers mean something. */
  readonly system: string;
  /** What the content is called. */
  readonly content: string;
}

/** Process numbers of another machine, boot or container say nothing here. */
export const THIS_SYSTEM: string = createHash('sha256')
  .update(
    [
      hostname(),
      readOr('/proc/sys/kernel/random/boot_id', readFileSync),
      readOr('/proc/self/ns/pid', readlinkSync),
    ].join('\0'),
  )
  .digest('hex')
  .slice(0, 8);

/** @throws RangeError for a content's name with anything but letters, digits and `-`, or above 80 of them */
export function formatPartialName({ pid, system, content }: PartialName): string {
  if (!/^[A-Za-z0-9-]{1,80}$/.test(content)) throw new RangeError(`no name of a content: ${content}`);
  return `${pid}-${system}-${content}.peerpatch`;
}

/** Undefined for every other name. @param text without what stands in front of the process number */
export function parsePartialName(text: string): PartialName | undefined {
  const match = /^(\d{1,10})-([0-9a-f]{8})-([A-Za-z0-9-]{1,80})\.peerpatch$/.exec(text);
  const [, pid, system, content] = match ?? [];
  if (pid === undefined || system === undefined || content === undefined) return undefined;
  return { pid: Number(pid), system, content };
}

/** Not every system has it: then the rest of the identity must do. */
function readOr(path: string, read: (path: string, encoding: 'utf8') => string): string {
  try {
    return read(path, 'utf8');
  } catch {
    return '';
  }
}

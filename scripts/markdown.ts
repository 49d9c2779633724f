/**
 * Reads what the document check needs out of Markdown: anchors and links, as GitHub renders them.
 *
 * Knows headings with `#`, fenced and inline code, inline links, images and link definitions. Not a Markdown parser.
 *
 * @module
 */

/** A link in a document. */
export interface MarkdownLink {
  /** As written: `../a.md#part`, `https://…`, `#part`. */
  readonly target: string;
  /** Counted from 1. */
  readonly line: number;
}

/** The anchors a document offers: its headings, and `<a id="…">`. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const line of withoutFences(text)) {
    for (const [, id = ''] of line.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    const earlier = seen.get(slug) ?? 0;
    seen.set(slug, earlier + 1);
    anchors.add(earlier === 0 ? slug : `${slug}-${earlier}`);
  }
  return anchors;
}

/** Every link of a document outside code, in order. */
export function linksOf(text: string): readonly MarkdownLink[] {
  return withoutFences(text).flatMap((source, index) => {
    const line = source.replaceAll(/(`+)[^`].*?\1/g, '');
    const inline = line.matchAll(/\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g);
    const definitions = line.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/g);
    return [...inline, ...definitions].map(([, target = '']) => ({ target, line: index + 1 }));
  });
}

/** The text below each heading of exactly `level`, up to the next heading of that level or above. */
export function sectionsOf(text: string, level: number): ReadonlyMap<string, string> {
  const sections = new Map<string, string>();
  let title: string | undefined;
  for (const line of withoutFences(text)) {
    const [, marks = '', heading = ''] = /^(#{1,6})\s+(.*?)\s*$/.exec(line) ?? [];
    if (marks !== '' && marks.length <= level) title = marks.length === level ? heading : undefined;
    else if (title !== undefined) sections.set(title, `${sections.get(title) ?? ''}${line}\n`);
    if (title !== undefined && !sections.has(title)) sections.set(title, '');
  }
  return sections;
}

/** GitHub's rule: lower case, punctuation dropped, spaces to hyphens. */
function slugOf(heading: string): string {
  const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return shown
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

/** The lines of a document, those of fenced code blocks empty, so that line numbers stay. */
function withoutFences(text: string): readonly string[] {
  let fence: string | undefined;
  return text.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence === undefined) return line;
    else if (mark !== undefined && mark.startsWith(fence) && line.trim() === mark) fence = undefined;
    return '';
  });
}

/**
 * The demo's one screen: a line for each copy, redrawn in a terminal, written as it changes elsewhere.
 *
 * @module
 */

export interface Screen {
  /** Writes a line above the copies' lines. */
  note(text: string): void;
  /** Replaces the line of one copy. `milestone` lines are also written where the screen is not a terminal. */
  show(name: string, text: string, milestone: boolean): void;
  /** Leaves the last state on the screen; what is shown afterwards is not. */
  end(): void;
}

export function createScreen(output: NodeJS.WriteStream): Screen {
  const lines = new Map<string, string>();
  const started = Date.now();
  const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(1).padStart(5)}s`;
  let drawn = 0;
  let ended = false;

  const erase = (): void => {
    if (drawn > 0) output.write(`\u001b[${String(drawn)}A\u001b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    for (const [name, text] of lines) output.write(`${clip(`  ${name.padEnd(8)} ${text}`, output.columns)}\n`);
    drawn = lines.size;
  };

  return {
    note: (text) => {
      if (output.isTTY) erase();
      output.write(`${seconds()}  ${text}\n`);
      if (output.isTTY) draw();
    },
    show: (name, text, milestone) => {
      if (ended) return;
      lines.set(name, text);
      if (output.isTTY) {
        erase();
        draw();
      } else if (milestone) output.write(`${seconds()}  ${name.padEnd(8)} ${text}\n`);
    },
    end: () => {
      ended = true;
    },
  };
}

/** `[████████░░░░░░░░]  50 %  57.1 of 114.2 MB` */
export function progressBar(done: number, total: number): string {
  const width = 24;
  const filled = Math.floor((done / total) * width);
  const percent = Math.floor((done / total) * 100)
    .toString()
    .padStart(3);
  return `[${'█'.repeat(filled)}${'░'.repeat(width - filled)}] ${percent} %  ${megabytes(done)} of ${megabytes(total)} MB`;
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** `361 bytes`, `1.3 KB`, `120.2 MB` */
export function amount(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${megabytes(bytes)} MB`;
}

/** A table with a header row, columns as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const [header = [], ...body] = rows;
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

function clip(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, columns - 1)}…`;
}

import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { sectionsOf } from '../../scripts/markdown.ts';
import type { CliContext } from '../../src/cli/context.ts';
import type { RegisterCommand } from '../../src/cli/run.ts';

const page = readFileSync('docs/guide/cli.md', 'utf8');
const program = new Command();
for (const file of readdirSync('src/cli/commands').sort()) {
  const exported = (await import(/* @vite-ignore */ resolve('src/cli/commands', file))) as Record<
    string,
    RegisterCommand
  >;
  const register = exported[`${file.replace('.ts', '')}Command`];
  // Only the flags are read: no command runs.
  register?.(program, {} as CliContext, () => () => Promise.resolve());
}
const options = program.commands.flatMap((command) => command.options.map(({ long }) => long ?? ''));

describe('docs/guide/cli.md', () => {
  it('has a section for every command, and for nothing else', () => {
    expect([...sectionsOf(page, 2).keys()].sort()).toEqual(program.commands.map((command) => command.name()).sort());
  });

  it('names every option of every command', () => {
    expect(options.filter((option) => !page.includes(option))).toEqual([]);
  });

  it('names no option that does not exist', () => {
    const named = [...page.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([option]) => option);
    const known = new Set([...options, '--json', '--help']);
    expect(named.filter((option) => !known.has(option))).toEqual([]);
  });
});

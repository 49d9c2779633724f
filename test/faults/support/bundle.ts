/**
 * Bundles the child with the product's code, as it stands or with one step of it broken.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../../..');
const ENTRY = join(import.meta.dirname, '../child/main.ts');

/** One place of the product's code, written otherwise. */
export interface Replacement {
  /** From the root of the project. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly text: string;
  readonly by: string;
}

/** The child is not the program: see child/start-acts.ts. */
export const IMAGE: Replacement = {
  file: 'src/io/executable/own-image.ts',
  text: "'/proc/self/exe'",
  by: "(globalThis.faultsImage ?? '/proc/self/exe')",
};

/** A script with its imports, as `peerpatch build` takes it. @throws when a replacement does not fit */
export async function bundleScript(
  entry: string,
  outfile: string,
  replacements: readonly Replacement[],
): Promise<void> {
  await bundle({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    external: ['esbuild', 'postject', '@number0/iroh', '*.node'],
    plugins: [replacing(replacements)],
  });
}

/** The same before it reaches `spawn`: what it is, and what it becomes. */
export const EARLY_START: readonly Replacement[] = [
  {
    file: 'src/start/probation/early-start.ts',
    text: 'const program = executable();',
    by: 'const program = globalThis.faultsExecutable ?? executable();',
  },
  {
    file: 'src/start/probation/early-start.ts',
    text: 'await restartProcess({',
    by: 'await (globalThis.faultsRestart ?? restartProcess)({',
  },
];

/** @throws when a replacement does not fit: the code has changed under it */
export async function bundleChild(outfile: string, replacements: readonly Replacement[] = []): Promise<void> {
  await bundle({
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [replacing([IMAGE, ...EARLY_START, ...replacements])],
  });
}

function replacing(replacements: readonly Replacement[]): Plugin {
  const byFile = new Map<string, Replacement[]>();
  for (const replacement of replacements) {
    const path = join(ROOT, replacement.file);
    byFile.set(path, [...(byFile.get(path) ?? []), replacement]);
  }
  return {
    name: 'break one step',
    setup: (build) => {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const wanted = byFile.get(path);
        if (wanted === undefined) return undefined;
        return { contents: wanted.reduce(replaceOnce, readFileSync(path, 'utf8')), loader: 'ts' };
      });
    },
  };
}

/** @throws when the text does not stand there exactly once */
export function replaceOnce(source: string, { file, text, by }: Replacement): string {
  const found = source.split(text).length - 1;
  if (found !== 1) throw new Error(`${file}: "${text}" stands there ${found} times, not once: adapt the mutant`);
  return source.replace(text, () => by);
}

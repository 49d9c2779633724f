/**
 * Makes one CommonJS script of an entry and everything it imports: the form of code a single executable runs.
 *
 * CommonJS, because Node 20 to 24 run nothing else there. `import.meta.url` is the executable's file URL. What cannot
 * travel in a script (native addons, top-level await) is refused with the way out.
 *
 * @module
 */
import type { BuildFailure, Message, Plugin, StdinOptions } from 'esbuild';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerpatchError } from '../../core/base/errors.ts';

export interface BundleOptions {
  /** Absolute path of a TypeScript or JavaScript file. */
  readonly entry: string;
  /** Absolute path of a module whose function `beginEarly` is given the entry's code to run. Default: it runs at once. */
  readonly before?: string;
  /** The Node that will run it: `20.20.2`. */
  readonly nodeVersion: string;
}

export interface Bundle {
  readonly code: Uint8Array;
  /** What the bundler doubts: one sentence each, with the place. */
  readonly warnings: readonly string[];
}

const META = '__peerpatchImportMeta';
const META_SCRIPT = `const ${META} = { url: require('node:url').pathToFileURL(process.execPath).href, filename: process.execPath, dirname: require('node:path').dirname(process.execPath) };`;

/** The way out, by what the bundler's message contains in lower case. */
const REMEDIES: readonly (readonly [text: string, remedy: string])[] = [
  ['top-level await', 'put the code into "async function main()" and call that'],
  ['could not resolve', 'install the package, or correct the path'],
];

/** @throws PeerpatchError BUILD_FAILED */
export async function bundle({ entry, before, nodeVersion }: BundleOptions): Promise<Bundle> {
  // Loaded when needed: programs that only update themselves import this file too, through the package's index.
  const { build } = await import('esbuild');
  try {
    const { outputFiles, warnings } = await build({
      ...(before === undefined ? { entryPoints: [entry] } : { stdin: afterwards(before, entry) }),
      absWorkingDir: dirname(entry),
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      target: `node${nodeVersion}`,
      charset: 'utf8',
      logLevel: 'silent',
      banner: { js: META_SCRIPT },
      define: Object.fromEntries(
        ['url', 'filename', 'dirname'].map((name) => [`import.meta.${name}`, `${META}.${name}`]),
      ),
      plugins: [refuseAddons, leaveBuildToolsOut],
    });
    const [output] = outputFiles;
    if (output === undefined) throw new PeerpatchError('BUILD_FAILED', `the bundle of ${entry} is empty`);
    return { code: withoutHashbang(output.contents), warnings: warnings.map(sentence) };
  } catch (cause) {
    const [first] = (cause as Partial<BuildFailure>).errors ?? [];
    if (first === undefined) throw cause;
    throw new PeerpatchError('BUILD_FAILED', `cannot bundle ${entry}: ${sentence(first)}`, { cause });
  }
}

/** Required, not imported: imports run before any code of a script. */
function afterwards(before: string, entry: string): StdinOptions {
  const contents = `import { beginEarly } from ${JSON.stringify(before)};
beginEarly(() => { require(${JSON.stringify(entry)}); });`;
  return { contents, resolveDir: dirname(entry), sourcefile: 'start.js', loader: 'js' };
}

const refuseAddons: Plugin = {
  name: 'refuse-addons',
  setup: (build) => {
    build.onLoad({ filter: /\.node$/ }, ({ path }) => ({
      errors: [
        {
          text: `${path} is a native addon, which a script cannot carry: leave it out, or load it from a file beside the program`,
        },
      ],
    }));
  },
};

/** This package's own build cannot run inside an executable, so the tools it needs have no place there. */
const leaveBuildToolsOut: Plugin = {
  name: 'leave-build-tools-out',
  setup: (build) => {
    const own = fileURLToPath(new URL('../../..', import.meta.url)); // the package: in it src or dist, then io/build
    build.onResolve({ filter: /^(esbuild|postject)$/ }, ({ path, importer }) =>
      importer.startsWith(own) ? { path, external: true } : undefined,
    );
  },
};

function sentence({ text, location }: Message): string {
  const place = location === null ? '' : `${location.file}:${location.line}:${location.column + 1}: `;
  const remedy = REMEDIES.find(([part]) => text.toLowerCase().includes(part))?.[1];
  return `${place}${text}${remedy === undefined ? '' : `; ${remedy}`}`;
}

/** `#!` is for files that a shell starts. Inside an executable it is a syntax error. */
function withoutHashbang(code: Uint8Array): Uint8Array {
  return code[0] === 0x23 && code[1] === 0x21 ? code.subarray(code.indexOf(0x0a)) : code;
}

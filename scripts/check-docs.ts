/**
 * Fails when the documents break their own rules: dead links, scripts that do not exist, error codes without an entry.
 *
 * Run by `npm run docs:check`. The rules are in docs-rules.ts.
 *
 * @module
 */
import { ERROR_CODES } from '../src/core/base/errors.ts';
import { checkDocs } from './docs-rules.ts';

const problems = checkDocs('.', ERROR_CODES);

for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`docs: ${ERROR_CODES.length} error codes explained, every link leads somewhere`);
process.exitCode = problems.length === 0 ? 0 : 1;

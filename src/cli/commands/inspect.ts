/**
 * `peerpatch inspect`: what a program's stamp says. Verifies nothing.
 *
 * @module
 */
import {
  inspectProgram,
  toHex,
  type InspectedProgram,
  type InspectedSignature,
  type InspectedStatement,
} from '../../index.ts';
import type { RegisterCommand } from '../run.ts';
import { signatureJson, signatureText } from '../signature-lines.ts';
import { statementJson, statementLines } from '../statement-lines.ts';

const BOUND_BY = {
  anchor: 'held in its place by the anchor of "peerpatch build"',
  section: "held in its place by the program's section table",
  none: 'not bound to its place',
} as const;

export const inspectCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('inspect')
    .description("show what a program's stamp says, without verifying it")
    .argument('<program>', 'the executable')
    .action(
      finish(async (path: string) => {
        const found = await inspectProgram(path, context.signal);
        const intact = found.sizeBytes === found.measuredBytes && toHex(found.hash) === toHex(found.measuredHash);
        return {
          text: [
            `version    ${found.version}${found.isSigned ? '' : '   not signed'}`,
            `size       ${found.sizeBytes}`,
            `hash       ${toHex(found.hash)}${found.isSigned && !intact ? '   not the hash of these bytes' : ''}`,
            `signature  ${toHex(found.signature)}`,
            `region     at ${found.offset} of ${found.fileBytes} bytes, ${BOUND_BY[found.boundBy]}`,
            ...codeLines(found),
            ...linesOf(found),
          ].join('\n'),
          json: {
            path: found.path,
            version: found.version,
            signed: found.isSigned,
            size: found.sizeBytes,
            hash: toHex(found.hash),
            signature: toHex(found.signature),
            offset: found.offset,
            fileBytes: found.fileBytes,
            intact: found.isSigned && intact,
            boundBy: found.boundBy,
            ...(found.stampOffset !== undefined && { stampOffset: found.stampOffset }),
            ...(found.statement !== undefined && { statement: jsonOf(found.statement) }),
            ...(found.codeSignature !== undefined && { codeSignature: codeJson(found.codeSignature) }),
          },
        };
      }),
    );
};

function codeLines({ codeSignature }: InspectedProgram): string[] {
  if (codeSignature === undefined) return [];
  const { found, problem } = codeSignature;
  return [`code       ${found === undefined ? (problem ?? '') : signatureText(found)}`];
}

function codeJson({ found, problem }: InspectedSignature): Readonly<Record<string, unknown>> {
  return found === undefined ? { problem } : signatureJson(found);
}

function linesOf({ stampOffset, statement }: InspectedProgram): string[] {
  if (stampOffset === undefined) return [];
  if (statement === undefined) return ['', `statement  none, room for it at ${stampOffset}`];
  const { fields, problem, item } = statement;
  return [
    '',
    `statement  ${problem ?? `at ${stampOffset}`}`,
    ...(item === undefined ? [] : [`sequence   ${item.seq.toString()}`, `signature  ${toHex(item.signature)}`]),
    ...(fields === undefined ? [] : statementLines(fields)),
  ];
}

function jsonOf({ fields, problem, item }: InspectedStatement): Readonly<Record<string, unknown>> {
  return {
    ...(problem !== undefined && { problem }),
    ...(item !== undefined && { seq: item.seq.toString(), signature: toHex(item.signature) }),
    ...(fields !== undefined && statementJson(fields)),
  };
}

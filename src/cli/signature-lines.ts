/**
 * A macOS program's code signature for people and for scripts: what `inspect` and `verify` print of it.
 *
 * @module
 */
import type { WatchedSignature } from '../index.ts';

export function signatureText({ isAdHoc, identifier, pageCount, pageBytes, wrongPages }: WatchedSignature): string {
  const who = isAdHoc ? 'ad hoc' : 'by a certificate, which the system checks';
  const fit = wrongPages.length === 0 ? 'all as signed' : `${wrongPages.length} of them changed since`;
  return `${who}, ${identifier}, ${pageCount} pages of ${pageBytes} bytes, ${fit}`;
}

export function signatureJson(signature: WatchedSignature): Readonly<Record<string, unknown>> {
  const { isAdHoc, identifier, flags, offset, sizeBytes, pageCount, pageBytes, wrongPages } = signature;
  return {
    adHoc: isAdHoc,
    identifier,
    flags,
    offset,
    sizeBytes,
    pageBytes,
    pages: pageCount,
    wrongPages: wrongPages.length,
  };
}

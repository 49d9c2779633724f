/**
 * Web servers that stand where a mirror should be and give something else, whatever they are asked for.
 *
 * @module
 */
import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';

/** As of a network that wants people to log in first. */
export const captivePortal: RequestListener = (_request, response) => {
  response
    .writeHead(200, { 'content-type': 'text/html' })
    .end('<!doctype html><title>please log in</title>'.padEnd(200));
};

export function redirectsTo(url: string): RequestListener {
  return (request, response) => {
    response.writeHead(302, { location: `${url}${request.url ?? ''}` }).end();
  };
}

/** The connection ends in the middle. */
export const truncates: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': 1000 }).write(Buffer.alloc(100), () => response.destroy());
};

/** Never says how long it is, and never ends. */
export const neverEnds: RequestListener = (_request, response) => {
  Readable.from(zeros()).pipe(response.writeHead(200));
};

/** Says that it is longer than anything that can be asked for. */
export const announcesTooMuch: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': 4 * 1024 ** 3 }).write(Buffer.alloc(1000));
};

function* zeros(): Generator<Buffer, never, undefined> {
  for (;;) yield Buffer.alloc(65_536);
}

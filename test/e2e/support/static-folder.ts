/**
 * A web server that knows the files of one folder and nothing else.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';

export function staticFolder(folder: string): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = join(folder, new URL(request.url ?? '', 'http://mirror').pathname);
    stat(path).then(
      ({ size }) => {
        response.writeHead(200, { 'content-length': size });
        createReadStream(path).pipe(response);
      },
      () => response.writeHead(404).end(),
    );
  };
}

/**
 * A certificate authority that exists for one run, and programs that trust it instead of one of the public ones.
 *
 * rustpatcher's transport dials its relays by https and trusts the roots compiled into it, so that an unmodified build speaks
 * to n0's servers only. `trustTestRoot` exchanges the public key of one of those roots in the built file: the code of the
 * program stays as the crates have it, and a certificate signed by that key is what a public one is elsewhere. The keys are
 * made for the run and leave no trace.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A root with a P-384 key, trusted by every Mozilla list that the crates carry. */
const ROOT_NAME = 'ISRG Root X2';
const ROOT_SUBJECT = `C=US\nO=Internet Security Research Group\nCN=${ROOT_NAME}`;

/** A name is compared byte for byte: texts are PrintableString, as in the root's own certificate. */
const ROOT_CONFIG = `[req]
prompt = no
string_mask = default
distinguished_name = name
x509_extensions = root
[name]
C = US
O = Internet Security Research Group
CN = ${ROOT_NAME}
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
`;

export interface TestRoot {
  /** PEM: of a server that answers for the names. */
  readonly certificate: string;
  readonly privateKey: string;
  /** Makes the program trust this root. @returns how many copies of the public root's key it had; never 0 */
  trustTestRoot(program: string): Promise<number>;
}

/** @param names host names the server's certificate is for */
export async function createTestRoot(names: readonly string[]): Promise<TestRoot> {
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-root-'));
  const path = (name: string): string => join(folder, name);
  try {
    await writeFile(path('root.cnf'), ROOT_CONFIG);
    await writeFile(path('names.cnf'), `subjectAltName = ${names.map((name) => `DNS:${name}`).join(', ')}\n`);
    const newKey = (file: string): readonly string[] => [
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-keyout', path(file)],
    ];
    const signed = ['-days', '2', '-sha384'];
    const request = ['req', '-config', path('root.cnf')];
    await openssl(...request, '-x509', ...newKey('root.key'), ...signed, '-out', path('root.pem'));
    await openssl(...request, '-new', ...newKey('server.key'), '-subj', '/CN=relay', '-out', path('server.csr'));
    const signer = ['-CA', path('root.pem'), '-CAkey', path('root.key'), '-CAcreateserial'];
    const issue = ['x509', '-req', '-in', path('server.csr'), '-extfile', path('names.cnf'), ...signer];
    await openssl(...issue, ...signed, '-out', path('server.pem'));
    const ours = keyBytes(await readFile(path('root.pem'), 'utf8'));
    return {
      certificate: await readFile(path('server.pem'), 'utf8'),
      privateKey: await readFile(path('server.key'), 'utf8'),
      trustTestRoot: (program) => exchange(program, { theirs: keyBytes(publicRoot()), ours }),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function openssl(...args: readonly string[]): Promise<void> {
  await run('openssl', args);
}

function publicRoot(): string {
  const found = rootCertificates.find((pem) => new X509Certificate(pem).subject === ROOT_SUBJECT);
  if (found === undefined) throw new Error(`this version of Node does not know ${ROOT_NAME}`);
  return found;
}

/** The key as trust anchors have it: the content of SubjectPublicKeyInfo, without the tag and length before it. */
function keyBytes(certificate: string): Buffer {
  return new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }).subarray(2);
}

async function exchange(program: string, { theirs, ours }: { theirs: Buffer; ours: Buffer }): Promise<number> {
  if (theirs.length !== ours.length) throw new Error('the keys differ in length');
  const bytes = await readFile(program);
  let found = 0;
  for (let at = bytes.indexOf(theirs); at !== -1; at = bytes.indexOf(theirs, at + ours.length)) {
    ours.copy(bytes, at);
    found += 1;
  }
  if (found === 0) throw new Error(`${program} does not hold the key of ${ROOT_NAME}`);
  await writeFile(program, bytes);
  return found;
}

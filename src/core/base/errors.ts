/**
 * The one error class of the project and the list of its codes.
 *
 * A code exists where a caller would act differently. docs/guide/errors.md says for each code what happened, what is
 * guaranteed and what to do; a test keeps that page and this list equal.
 *
 * @module
 */

/** What went wrong, for programs. The comment is the one-line meaning; the page has the rest. */
export const ERROR_CODES = [
  // keys
  'KEY_MALFORMED', // text or bytes that are not an Ed25519 key in z-base-32
  'KEY_FILE_EXISTS', // a key is never overwritten
  'KEY_FILE_UNREADABLE', // missing, not permitted, or not a key file
  'KEY_FILE_UNWRITABLE', // no key file could be made there
  // versions, stamp, release
  'VERSION_MALFORMED', // not A.B.C with numbers from 0 to 2147483647, or too long for a program
  'STAMP_MISSING', // no region in the file: it was never built for updates
  'STAMP_MALFORMED', // a region is there but damaged, doubled, or moved from where it belongs
  'CODE_SIGNATURE_INVALID', // a macOS program whose page hashes do not fit it, or are not of a known form
  'RELEASE_MALFORMED', // bytes that are not a release description
  'RELEASE_UNSIGNED', // the region is still the empty placeholder
  'RELEASE_BAD_SIGNATURE', // not signed by this owner
  'RELEASE_MISMATCH', // the program's bytes are not the release they claim to be
  'RELEASE_WRONG_TARGET', // signed by the owner, for another system or processor
  'RELEASE_NOT_NEWER', // valid, but would not move the version forward
  'RELEASE_NOT_FOUND', // nobody announced a release of this owner
  // statements
  'STATEMENT_MALFORMED', // bytes that are not a statement
  'STATEMENT_BAD_SIGNATURE', // not signed by this owner under this name
  'STATEMENT_UNSUPPORTED', // signed by the owner, with something only newer versions understand
  'STATEMENT_WRONG_NAME', // of another app, target or channel
  'STATEMENT_ROLLED_BACK', // older than one seen before
  'STATEMENT_CONFLICT', // two statements with one sequence number
  'STATEMENT_EXPIRED', // its owner bounded its life, and that is over
  'STATEMENT_FROM_FUTURE', // issued more than a day from now
  'STATEMENT_TOO_FAR', // the running version is too old to jump to it
  // content
  'CONTENT_MALFORMED', // pages, chunks or compressed bytes that are not what their hash and the format ask for
  // discovery
  'RECORD_MALFORMED', // a slot value that is not a record
  'DHT_MESSAGE_MALFORMED', // a packet or item that is not what BEP 5/44 allow
  'DHT_UNREACHABLE', // no DHT node answered
  'DHT_PUT_REFUSED', // a storing node refused the item
  'DHT_BIND_FAILED', // the UDP port is taken or not permitted
  // transfer
  'TRANSPORT_UNAVAILABLE', // no iroh addon for this platform, or it does not load
  'PEER_UNREACHABLE', // no connection to the peer
  'PEER_REFUSED', // the peer said no: busy, other owner, clock too far off
  'PEER_TIMEOUT', // connected, then silent
  'PEER_TOO_SLOW', // below the minimum rate
  'PEER_MISBEHAVED', // sent something the protocol does not allow
  'CONTENT_NOT_FOUND', // no source has a page or chunk of the release
  'DELTA_MALFORMED', // a delta that is damaged, or made for another program
  // install and restart
  'PROGRAM_UNREADABLE', // the program file is missing or cannot be read
  'INSTALL_NOT_WRITABLE', // no permission to replace the program where it is
  'INSTALL_NO_SPACE', // not enough room beside the program
  'INSTALL_READ_ONLY', // the program is on a read-only file system
  'INSTALL_FOREIGN_OWNER', // the program belongs to another user
  'INSTALL_MANAGED', // a package manager owns the program
  'INSTALL_TRANSLOCATED', // macOS runs a read-only copy of the program
  'INSTALL_OTHER_FILE_SYSTEM', // the program is mounted alone: nothing can be renamed to it
  'INSTALL_UNSAFE_FOLDER', // everybody may swap the program where it is
  'INSTALL_PROGRAM_CHANGED', // the path holds something else than what was verified
  'INSTALL_WRONG_TARGET', // not a program that this machine can run
  'INSTALL_FAILED', // nothing was replaced: the old program is still in place
  'PREFLIGHT_FAILED', // the new program was tried out before it replaced anything, and is no good here
  'ROLLED_BACK', // that release was taken back on this machine; it is not installed again
  'INSTALL_ATTRIBUTES_LOST', // installed, but the new program lacks some attributes of the old one
  'INSTALL_STATE_DAMAGED', // a file that an install keeps beside the program cannot be read; it counts as absent
  'RESTART_FAILED', // installed, but the running process could not be replaced
  // agent, tools
  'MEMORY_UNUSABLE', // what this node remembers could not be read or kept; it goes on without
  'AGENT_FAILED', // the agent's thread ended; the host is not affected
  'OPTION_INVALID', // an option or argument out of its range
  'BUILD_FAILED', // no executable was made
  'MIRROR_UNWRITABLE', // an export could not write the folder of the mirror
  'CANCELLED', // stopped on request; nothing was left behind
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * Every failure Peerpatch reports. The message says what was tried and what to do, in lower case, without a full stop.
 * Anything else that is thrown is a bug.
 */
export class PeerpatchError extends Error {
  override readonly name = 'PeerpatchError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether `error` is a {@link PeerpatchError}, optionally with one of `codes`. */
export function isPeerpatchError(error: unknown, ...codes: readonly ErrorCode[]): error is PeerpatchError {
  return error instanceof PeerpatchError && (codes.length === 0 || codes.includes(error.code));
}

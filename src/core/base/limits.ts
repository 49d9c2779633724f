/**
 * Every bound on what strangers can make us hold, read or wait for, in one place.
 *
 * Checked before anything is allocated. Units are in the names.
 *
 * @module
 */

/** Largest program that can be a release. A signed size above it is malformed. */
export const MAX_PROGRAM_BYTES: number = 4 * 1024 ** 3;
/** Headers at the start of a program (load commands, section table) that are held in memory. */
export const MAX_PROGRAM_HEAD_BYTES: number = 256 * 1024;
/** ELF sections that are looked at. Linked programs have about forty. */
export const MAX_ELF_SECTIONS = 4096;
/** Bytes behind the signed part of a Mach-O file (its code signature) a download may have: a share, plus a floor. */
export const MAX_MACHO_TAIL_SHARE: number = 1 / 64;
export const MACHO_TAIL_FLOOR_BYTES: number = 1024 ** 2;
/** A code signature: its parts, hashes of them in its code directory, and what stands in front of those. */
export const MAX_SIGNATURE_PARTS = 16;
export const MAX_SIGNATURE_SPECIAL_SLOTS = 16;
export const MAX_SIGNATURE_NAME_BYTES = 1024;

/** One file of an install folder: journal, quarantine, choices, a lock's ticket. */
export const MAX_INSTALL_STATE_BYTES = 4096;
/** Why something was rolled back, for people. */
export const MAX_INSTALL_REASON_CHARACTERS = 300;
/** Versions that people skip. */
export const MAX_SKIPPED_VERSIONS = 50;

/** One chunk of a content, decoded. */
export const MAX_CHUNK_BYTES: number = 128 * 1024;
/** One page of a manifest: its entries, its level, and the bytes these make. */
export const MAX_PAGE_ENTRIES = 256;
export const MAX_PAGE_LEVEL = 4;
export const MAX_PAGE_BYTES: number = 1 + 40 * MAX_PAGE_ENTRIES;

/** Largest UDP payload we read. KRPC answers stay far below. */
export const MAX_PACKET_BYTES = 2048;
/** Nesting of lists and dictionaries in a KRPC message. */
export const MAX_BENCODE_DEPTH = 8;
/** BEP 44: a value's bencoded length. */
export const MAX_ITEM_VALUE_BYTES = 1000;
/** BEP 44: a salt's length. */
export const MAX_ITEM_SALT_BYTES = 64;
/** A KRPC transaction id that a node echoes; ours have 4 or 2 bytes. */
export const MAX_TRANSACTION_BYTES = 16;
/** A write token we keep for a node; the common ones have 4 to 20 bytes. */
export const MAX_TOKEN_BYTES = 64;
/** Queries waiting for an answer, for one address family. */
export const MAX_PENDING_QUERIES = 1024;
/** Walks running at once, for one address family. */
export const MAX_WALKS = 64;
/** Nodes one walk remembers, and queries it sends. */
export const MAX_WALK_CANDIDATES = 256;
export const MAX_WALK_QUERIES = 192;
/** Items a storing node keeps: the least recently used goes first. */
export const MAX_STORED_ITEMS = 1000;
/** Storing nodes that are remembered for what was put there. */
export const MAX_UPKEEP_NODES = 256;
/** Addresses a node counts queries of. */
export const MAX_RATED_ADDRESSES = 4096;
/** Addresses that are remembered for not answering. */
export const MAX_SUSPECTS = 512;
/** Addresses that are remembered for reading short transaction ids. */
export const MAX_SHORT_ID_NODES = 512;
/** Packets handed to the system and not yet sent. */
export const MAX_UNSENT_PACKETS = 1024;
/** Different values of one slot that are looked at. A slot holds about twenty. */
export const MAX_SLOT_VALUES = 64;
/** The sealed record inside a slot's value. */
export const MAX_SEALED_RECORD_BYTES = 2048;
/** Address hints of one record: socket addresses, and the length of the relay's URL. */
export const MAX_HINT_ADDRESSES = 4;
export const MAX_RELAY_URL_BYTES = 128;

/** The bencoded dictionary of a statement: what is left of an item's value behind the length of a byte string. */
export const MAX_STATEMENT_VALUE_BYTES = 996;
/** Deltas and mirrors one statement may name. */
export const MAX_STATEMENT_DELTAS = 8;
export const MAX_STATEMENT_MIRRORS = 4;
/** A URL in a statement. */
export const MAX_STATEMENT_URL_BYTES = 200;
/** Sequence numbers of one name that are remembered, the highest, and different items that are verified once. */
export const MAX_SIGHTED_SEQS = 8;
export const MAX_SIGHTED_ITEMS = 64;
/** How long a source may take to say which statement it has. */
export const STATEMENT_ANSWER_MS = 15_000;
/** Mean pause between two looks for a statement in the DHT: it lies at the same twenty nodes for everybody. */
export const STATEMENT_LOOK_INTERVAL_MS: number = 10 * 60_000;
/** Versions and reasons for not taking them that were told of and are not told again. */
export const MAX_TOLD_REASONS = 256;
/** Peers of a release that are connected to. */
export const MAX_PEER_SOURCES = 6;

/** One read from a peer, and one write to it. Larger ones are hardly faster and stall the thread that converts them. */
export const TRANSFER_CHUNK_BYTES: number = 128 * 1024;
/** Incoming connections whose handshake is not done. More are turned away. */
export const MAX_HANDSHAKES = 64;
/** What a connection may have received beyond what was read from it: two windows of a stream. */
export const MAX_UNREAD_BYTES: number = 2.5 * 1024 ** 2;
/** Addresses tried for one peer. */
export const MAX_DIALED_ADDRESSES = 8;

/** One block of a delta, unpacked: the unit in which deltas are read. */
export const MAX_DELTA_BLOCK_BYTES: number = 1024 ** 2;
/** Bytes of the old program that a delta may have read for each byte it makes, beyond all of it once. Real ones need about 1.3. */
export const MAX_BASE_READS_PER_BYTE = 64;

/** Deltas from updates that are kept for others, of all programs of one user together. */
export interface KeptDeltaLimits {
  readonly maxFiles: number;
  /** A delta that is larger is not kept. */
  readonly maxBytes: number;
}

export const KEPT_DELTA_LIMITS: KeptDeltaLimits = { maxFiles: 4, maxBytes: 256 * 1024 ** 2 };

/** How long a peer may take over a transfer. Time counts only while it is the peer that is waited for. */
export interface PaceLimits {
  /** Longest wait for one piece. */
  readonly idleMs: number;
  /** The rate is looked at each time this much waiting has come together. */
  readonly windowMs: number;
  /** Below it over a whole window a peer is too slow. Together with the signed size it bounds the total time. */
  readonly minBytesPerSecond: number;
}

export interface FetchLimits extends PaceLimits {
  readonly connectMs: number;
  /** From the open connection to the first byte of the answer. A serving peer may keep us waiting for a free place. */
  readonly answerMs: number;
}

export const FETCH_LIMITS: FetchLimits = {
  connectMs: 15_000,
  answerMs: 15_000,
  idleMs: 15_000,
  windowMs: 30_000,
  minBytesPerSecond: 16 * 1024,
};

export interface ServeLimits extends PaceLimits {
  /** Connections at once, in whatever state. More are closed at once. */
  readonly maxConnections: number;
  /** Programs being sent at once. */
  readonly maxUploads: number;
  /** From the open connection to the last byte of the request. */
  readonly requestMs: number;
  /** Wait for one of the `maxUploads` places. Below the client's `answerMs`. */
  readonly placeMs: number;
  /** How long a refused client has to read the refusal. */
  readonly refusalMs: number;
  /** How long a client has to receive what is still under way. */
  readonly lingerMs: number;
  /** How long a client that has received everything has to close. */
  readonly closeMs: number;
}

export const SERVE_LIMITS: ServeLimits = {
  maxConnections: 32,
  maxUploads: 8,
  requestMs: 10_000,
  placeMs: 10_000,
  refusalMs: 1000,
  lingerMs: 90_000,
  closeMs: 5000,
  idleMs: 30_000,
  windowMs: 60_000,
  minBytesPerSecond: 4 * 1024,
};

/** Of a source, as the one who asks it. */
export interface SourceLimits extends PaceLimits {
  readonly connectMs: number;
  /** Requests under way to one source. More than a fast line with a long way takes is of no use. */
  readonly lanes: number;
  /** Lost connections over which something had come that are made anew. */
  readonly reconnects: number;
}

export const SOURCE_LIMITS: SourceLimits = {
  connectMs: 15_000,
  lanes: 32,
  reconnects: 3,
  idleMs: 15_000,
  windowMs: 30_000,
  minBytesPerSecond: 16 * 1024,
};

/** Of collecting content from several sources. */
export interface CollectLimits {
  /** Bytes of objects asked for and not yet written; each may be held twice, as it came and as it is. */
  readonly maxHeldBytes: number;
  /** Requests a source gets before it has answered one; each answer adds one, up to its lanes. */
  readonly firstRequests: number;
  /** When nothing else is left to ask for, an object that a source takes longer for is asked of another one too. */
  readonly patienceMs: number;
  /** A source that so often in a row had nothing of what it was asked is asked no more. */
  readonly maxMisses: number;
  /** Objects that one source has not got and others are still to be asked for: with so many no new ones are begun. */
  readonly maxReturned: number;
  /** What a source that has given objects fails to give in passing is asked of it so often again, after this pause. */
  readonly retries: number;
  readonly retryMs: number;
}

export const COLLECT_LIMITS: CollectLimits = {
  maxHeldBytes: 4 * 1024 ** 2,
  firstRequests: 4,
  patienceMs: 1000,
  maxMisses: 32,
  maxReturned: 4096,
  retries: 2,
  retryMs: 500,
};

/** Of serving statements, pages and chunks. */
export interface ExchangeLimits extends PaceLimits {
  /** Connections at once. */
  readonly maxConnections: number;
  /** Connections of one node. */
  readonly maxConnectionsPerNode: number;
  /** From the open connection to the last byte of the auth. */
  readonly requestMs: number;
  /** Answers prepared or waiting to be sent on one connection: further requests are not read. */
  readonly maxQueued: number;
  /** Objects read and compressed at once, for all connections. */
  readonly maxEncodings: number;
  /** Wait for one of them. */
  readonly placeMs: number;
  /** A client that asks for nothing so long is closed; `idleMs` is for one that does not take its answers. */
  readonly silenceMs: number;
  /** While others find no free connection: a client that asked for nothing so long makes room. */
  readonly graceMs: number;
  /** While others find no free connection: a client that was sent more makes room. */
  readonly turnBytes: number;
  /** What a request counts beside the bytes of its answer. */
  readonly requestBytes: number;
  /** How long a refused client has to read the refusal. */
  readonly refusalMs: number;
  /** How long a client that has received everything has to close. */
  readonly closeMs: number;
}

export const EXCHANGE_LIMITS: ExchangeLimits = {
  maxConnections: 32,
  maxConnectionsPerNode: 4,
  requestMs: 10_000,
  maxQueued: 4,
  maxEncodings: 4,
  placeMs: 10_000,
  silenceMs: 30_000,
  graceMs: 2000,
  turnBytes: 64 * 1024 ** 2,
  requestBytes: 1024,
  refusalMs: 1000,
  closeMs: 5000,
  idleMs: 30_000,
  windowMs: 60_000,
  minBytesPerSecond: 4 * 1024,
};

/** Encoded objects a node keeps for the next one that asks. */
export const MAX_ENCODED_CACHE_BYTES: number = 8 * 1024 ** 2;

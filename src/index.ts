/**
 * The public API of Peerpatch: re-exports only.
 *
 * @module
 */
export { ERROR_CODES, isPeerpatchError, PeerpatchError, type ErrorCode } from './core/base/errors.ts';
export { fromHex, toHex } from './core/base/hex.ts';
export { parseOwnerKey, type OwnerKey } from './core/keys/owner-key.ts';
export { formatPublicKey, parsePublicKey, type PublicKey } from './core/keys/public-key.ts';
export type { AnnouncedPeer } from './core/record/open.ts';
export type { Release, SignedRelease } from './core/release/release.ts';
export { createPlaceholder } from './core/release/placeholder.ts';
export { Version } from './core/release/version.ts';
export type { Rollout, SignedStatement, Statement, StatementDelta, StatementName } from './core/statement/statement.ts';
export { parseUpdateMode, UpdaterMode, type UpdateMode } from './core/schedule/mode.ts';
export type { AgentActivity, AgentEvent } from './agent/events.ts';
export type { CheckOptions, CheckResult } from './agent/update.ts';
export type {
  DhtOptions,
  PreflightOptions,
  ProbationOptions,
  RelayChoice,
  SpawnOptions,
} from './start/options/options.ts';
export { spawn } from './start/spawn.ts';
export type { Updater, UpdaterEvent, UpdaterState } from './start/updater.ts';
export { startBootstrapNode, type BootstrapNode, type BootstrapNodeOptions } from './tools/network/bootstrap-node.ts';
export { buildProgram, type BuildProgramOptions, type BuildStep, type BuiltProgram } from './tools/build-program.ts';
export { checkNetwork, type NetworkCheck } from './tools/network/check-network.ts';
export {
  pinProgram,
  skipVersion,
  unpinProgram,
  unskipVersion,
  type ChooseVersionOptions,
  type PinnedProgram,
  type PinProgramOptions,
  type SkippedVersions,
  type UnpinnedProgram,
  type UnskippedVersion,
} from './tools/installed/choose-versions.ts';
export { createKey, DEFAULT_KEY_FILE, readKeyFile, type CreatedKey } from './tools/create-key.ts';
export { diffPrograms, type DiffProgramsOptions, type DiffStep, type ProgramDiff } from './tools/diff/diff-programs.ts';
export {
  exportMirror,
  type ExportedMirror,
  type ExportedProgram,
  type ExportMirrorOptions,
} from './tools/mirror/export-mirror.ts';
export {
  fetchStatedProgram,
  type FetchedStatedProgram,
  type FetchStatedProgramOptions,
} from './tools/network/fetch-stated-program.ts';
export { findStatement, type FoundStatement, type StatedOptions } from './tools/network/find-statement.ts';
export { fetchProgram, type FetchedProgram, type FetchProgramOptions } from './tools/network/fetch-program.ts';
export {
  inspectProgram,
  type InspectedProgram,
  type InspectedSignature,
  type InspectedStatement,
} from './tools/inspect-program.ts';
export { Patch } from './tools/patch.ts';
export type { PeerOptions } from './tools/network/peer-options.ts';
export {
  programStatus,
  type ProgramStatus,
  type ProgramStatusOptions,
  type QuarantinedRelease,
} from './tools/installed/program-status.ts';
export {
  rollBackProgram,
  type RollBackProgramOptions,
  type RolledBackProgram,
} from './tools/installed/roll-back-program.ts';
export { seedProgram, type SeededProgram, type SeedProgramOptions } from './tools/network/seed-program.ts';
export type { ProgramDelta } from './tools/sign/program-deltas.ts';
export type { SignProgramOptions, SignStep } from './tools/sign/sign-options.ts';
export { signProgram, type SignedProgram } from './tools/sign/sign-program.ts';
export type { WatchedSignature } from './core/codesign/watch.ts';
export { verifyProgram, type VerifiedProgram, type VerifyProgramOptions } from './tools/verify-program.ts';

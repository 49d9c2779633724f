/**
 * What the build puts into an executable beside the host's code, by name. Spec: docs/guide/packaging.md.
 *
 * @module
 */

/** Anchor and region: core/stamp. What the running image reads here stays as it was when the file is replaced. */
export const STAMP_ASSET = 'peerpatch.stamp';
/** The agent's code: one CommonJS script that a worker thread runs. */
export const AGENT_ASSET = 'peerpatch.agent.cjs';
/** The transport's native addon for the target. */
export const ADDON_ASSET = 'peerpatch.iroh.node';
/** What the others are: description.ts. */
export const DESCRIPTION_ASSET = 'peerpatch.json';

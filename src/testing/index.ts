/**
 * The public entry `peerpatch/testing`: a network, a clock and programs to test one's own updates with. Re-exports only.
 *
 * @module
 */
export { FakeClock } from './fake-clock.ts';
export { MemoryDht, type MemoryDhtOptions } from './memory-dht.ts';
export { MemoryNetwork } from './memory-network.ts';
export { MemoryProgram, type MemoryProgramOptions } from './memory-program.ts';
export { startPrivateDht, type PrivateDht, type PrivateDhtOptions } from './private-dht.ts';
export { sampleProgram, signSample, type SampleProgramOptions, type SignedSample } from './sample-program.ts';

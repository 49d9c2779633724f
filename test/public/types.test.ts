/**
 * What a program may write against the package, as the compiler sees it: checked by `npm run types`.
 */
import { describe, expectTypeOf, it } from 'vitest';
import {
  checkNetwork,
  createKey,
  fetchProgram,
  isPeerpatchError,
  Patch,
  seedProgram,
  signProgram,
  spawn,
  UpdaterMode,
  type AnnouncedPeer,
  type BuildStep,
  type CheckResult,
  type ErrorCode,
  type SpawnOptions,
  type Updater,
  type UpdaterEvent,
  type UpdaterState,
  type UpdateMode,
} from 'peerpatch';
import { startPrivateDht } from 'peerpatch/testing';

describe('the types of the package', () => {
  it('spawn needs a public key and nothing else', () => {
    expectTypeOf<{ publicKey: string }>().toExtend<SpawnOptions>();
    expectTypeOf<{ mode: UpdateMode }>().not.toExtend<SpawnOptions>();
    expectTypeOf(spawn).returns.resolves.toEqualTypeOf<Updater>();
    expectTypeOf<SpawnOptions['relay']>().toEqualTypeOf<'n0' | 'none' | readonly string[] | undefined>();
    expectTypeOf(UpdaterMode.Now).toExtend<NonNullable<SpawnOptions['mode']>>();
    expectTypeOf(UpdaterMode.At).parameters.toEqualTypeOf<[hour: number, minute: number]>();
  });

  it('the handle has typed events', () => {
    const listen = (updater: Updater): void => {
      updater.on('installed', (event) => {
        expectTypeOf(event).toEqualTypeOf<Extract<UpdaterEvent, { type: 'installed' }>>();
        expectTypeOf(event.version).toBeString();
      });
      updater.on('error', ({ code }) => {
        expectTypeOf(code).toEqualTypeOf<ErrorCode>();
      });
      updater.on('*', (event) => {
        expectTypeOf(event).toEqualTypeOf<UpdaterEvent>();
      });
      // @ts-expect-error -- no such event
      updater.on('instaled', () => undefined);
    };
    expectTypeOf(listen).toBeFunction();
    expectTypeOf<Updater['state']>().toEqualTypeOf<UpdaterState>();
    expectTypeOf<Updater['checkNow']>().returns.resolves.toEqualTypeOf<CheckResult>();
    expectTypeOf<Updater['ready']>().resolves.toEqualTypeOf<UpdaterState>();
  });

  it('behind each command stands a function', () => {
    expectTypeOf(createKey).returns.resolves.toHaveProperty('publicKey').toBeString();
    expectTypeOf(signProgram).returns.resolves.toHaveProperty('version').toBeString();
    expectTypeOf(seedProgram).returns.resolves.toHaveProperty('uploads').toBeNumber();
    expectTypeOf(fetchProgram).returns.resolves.toHaveProperty('path').toBeString();
    expectTypeOf(checkNetwork).returns.resolves.toHaveProperty('peers').toEqualTypeOf<readonly AnnouncedPeer[]>();
    expectTypeOf(Patch.fromSelf).parameters.toEqualTypeOf<[publicKey: string]>();
    expectTypeOf<BuildStep>().toEqualTypeOf<'inspect' | 'bundle' | 'pack' | 'inject' | 'check'>();
  });

  it('an error tells its code', () => {
    const codeOf = (error: unknown): ErrorCode | undefined => (isPeerpatchError(error) ? error.code : undefined);
    expectTypeOf(codeOf).returns.toEqualTypeOf<ErrorCode | undefined>();
    expectTypeOf(startPrivateDht).returns.resolves.toHaveProperty('bootstrap').toEqualTypeOf<readonly string[]>();
  });
});

import { expect, it } from 'vitest';
import { Patch } from '../../src/tools/patch.ts';

it('Patch.fromSelf says that a script is no program that was signed', async () => {
  await expect(Patch.fromSelf('x'.repeat(52))).rejects.toMatchObject({
    name: 'PeerpatchError',
    code: 'STAMP_MISSING',
    message: expect.stringContaining('peerpatch build') as string,
  });
});

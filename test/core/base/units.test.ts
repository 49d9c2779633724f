import { expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/base/units.ts';

it('units are milliseconds, as Date counts them', () => {
  expect(SECOND_MS).toBe(Date.UTC(1970, 0, 1, 0, 0, 1));
  expect(MINUTE_MS).toBe(Date.UTC(1970, 0, 1, 0, 1));
  expect(HOUR_MS).toBe(Date.UTC(1970, 0, 1, 1));
});

/**
 * Time units in milliseconds, so that durations read as what they are.
 *
 * @module
 */

export const SECOND_MS = 1000;
export const MINUTE_MS: number = 60 * SECOND_MS;
export const HOUR_MS: number = 60 * MINUTE_MS;

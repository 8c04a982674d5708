const FIRST_MS = 400;
const LONGEST_MS = 10_000;
const JITTER = 0.3;

/** How long to wait before the next try: doubling, bounded, and spread so that many pages do not come back at once.
 *
 * @param failures failures in a row, counted from 1.
 * @param random 0 up to 1; a test gives a fixed one.
 */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const doubled = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(Math.max(failures, 1) - 1, 16));
  return Math.round(doubled * (1 + JITTER * (2 * random() - 1)));
}

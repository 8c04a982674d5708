/** A finger's way over the screen, in CSS pixels. */
export interface Stroke {
  readonly dx: number;
  readonly dy: number;
}

const LEAST_PX = 50;

/** What a stroke asks for: 1 the next picture (to the left, as pages turn), -1 the one before, 0 nothing. Pure. */
export function stepOfSwipe({ dx, dy }: Stroke): -1 | 0 | 1 {
  if (Math.abs(dx) < LEAST_PX || Math.abs(dx) < 1.5 * Math.abs(dy)) return 0;
  return dx < 0 ? 1 : -1;
}

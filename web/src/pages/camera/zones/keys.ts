/** Keys that move things on the picture. Pure. */
import type { Point } from "./geometry";

const ARROWS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.01;
const LARGE_STEP = 0.05;
const SMALL_STEP = 0.002;

/** How far a key moves, as a share of the picture; null for other keys. Shift is far, Alt is fine. */
export function stepOf(event: { readonly key: string; readonly shiftKey: boolean; readonly altKey: boolean }): Point | null {
  const arrow = ARROWS[event.key];
  if (!arrow) return null;
  const step = event.shiftKey ? LARGE_STEP : event.altKey ? SMALL_STEP : STEP;
  return [arrow[0] * step, arrow[1] * step];
}

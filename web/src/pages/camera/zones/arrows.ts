/** The arrows on a line that say which crossings count. Pure. */
import { middle, rightOf, type Point } from "./geometry";
import type { Direction } from "./shapes";

const LENGTH_PX = 34;
const HEAD_PX = 9;

/** Paths of the arrows, in the same pixels as the line's ends. */
export function arrowPaths(start: Point, end: Point, direction: Direction): readonly string[] {
  const [right, from] = [rightOf(start, end), middle([start, end])];
  const left: Point = [-right[0], -right[1]];
  const sides = { right: [right], left: [left], both: [right, left] }[direction];
  return sides.map((side) => arrow(from, side));
}

function arrow([x, y]: Point, [dx, dy]: Point): string {
  const tip: Point = [x + dx * LENGTH_PX, y + dy * LENGTH_PX];
  const wing = (turn: number): Point => [tip[0] - HEAD_PX * (dx + turn * dy), tip[1] - HEAD_PX * (dy - turn * dx)];
  const text = ([px, py]: Point) => `${px.toFixed(1)} ${py.toFixed(1)}`;
  return `M${text([x, y])}L${text(tip)}M${text(wing(0.7))}L${text(tip)}L${text(wing(-0.7))}`;
}

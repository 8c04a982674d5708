/** Where tracks have been a moment ago. Pure: times are arguments. */
import type { Track } from "../live/facts";

/** Long enough to see where something comes from, short enough not to cover the picture. */
export const TRAIL_S = 3;
/** A pipeline that began anew counts its tracks anew: an old trail must not lead to a new track of the same number. */
const PAUSE_S = 1.5;
/** Points closer than this share of the picture are one point. */
const STEP_NORM = 0.004;

export interface TrailPoint {
  readonly x: number;
  readonly y: number;
  readonly atS: number;
}

export class Trails {
  #points = new Map<number, TrailPoint[]>();
  #newestS = -Infinity;

  /** Note where the tracks of one picture are. */
  add(tracks: readonly Track[], atS: number): void {
    if (atS < this.#newestS || atS - this.#newestS > PAUSE_S) this.#points.clear();
    this.#newestS = atS;
    for (const track of tracks) this.#step(track, atS);
    for (const [id, points] of this.#points) {
      const recent = points.filter((point) => atS - point.atS <= TRAIL_S);
      if (recent.length > 0) this.#points.set(id, recent);
      else this.#points.delete(id);
    }
  }

  /** The points of a track, oldest first. */
  of(trackId: number): readonly TrailPoint[] {
    return this.#points.get(trackId) ?? [];
  }

  #step({ track_id, box }: Track, atS: number): void {
    const points = this.#points.get(track_id) ?? [];
    const point = { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, atS };
    const last = points.at(-1);
    // Who stands still keeps the newest time at one point instead of a heap of them.
    const still = last !== undefined && Math.hypot(point.x - last.x, point.y - last.y) < STEP_NORM;
    this.#points.set(track_id, still ? [...points.slice(0, -1), { ...last, atS }] : [...points, point]);
  }
}

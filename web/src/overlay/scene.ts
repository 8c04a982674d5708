/** Tracks with their trails over a picture. */
import type { Track } from "../live/facts";
import { drawTrack, fitToScreen } from "./draw";
import { containRect, hueOf, type Rect, type Size } from "./geometry";
import { TRAIL_S, type TrailPoint, type Trails } from "./trails";

const TRAIL_PX = 2.5;

export interface SceneLayers {
  readonly boxes: boolean;
  readonly trails: boolean;
}

/** Draw one picture's tracks.
 *
 * @param canvas covers the stage.
 * @param stage size of the stage in CSS pixels.
 * @param nameOf the words for a track.
 */
export function drawScene(
  canvas: HTMLCanvasElement,
  stage: Size,
  picture: Size,
  tracks: readonly Track[],
  trails: Trails,
  layers: SceneLayers,
  nameOf: (track: Track) => string,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  fitToScreen(canvas, stage);
  const scale = canvas.width / Math.max(1, stage.width);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, stage.width, stage.height);
  const place = containRect(picture, stage);
  context.font = "600 12px system-ui, sans-serif";
  context.textBaseline = "middle";
  if (layers.trails) for (const { track_id } of tracks) drawTrail(context, trails.of(track_id), track_id, place);
  if (layers.boxes) for (const track of tracks) drawTrack(context, track, place, nameOf(track));
}

function drawTrail(context: CanvasRenderingContext2D, points: readonly TrailPoint[], trackId: number, place: Rect): void {
  const newestS = points.at(-1)?.atS ?? 0;
  context.lineWidth = TRAIL_PX;
  context.lineCap = "round";
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1], points[index]];
    if (!from || !to) continue;
    const fresh = 1 - (newestS - to.atS) / TRAIL_S;
    context.strokeStyle = `hsl(${String(hueOf(trackId))} 85% 62% / ${(0.15 + 0.75 * fresh).toFixed(2)})`;
    context.beginPath();
    context.moveTo(place.left + from.x * place.width, place.top + from.y * place.height);
    context.lineTo(place.left + to.x * place.width, place.top + to.y * place.height);
    context.stroke();
  }
}

import type { Track } from "../live/facts";
import { boxRect, containRect, hueOf, labelRect, type Rect, type Size } from "./geometry";

const LINE_PX = 2;
const FONT_PX = 12;
const PADDING_PX = 5;
const CORNER_PX = 6;

/** Draw tracks over the picture.
 *
 * @param canvas covers the stage; its backing store is set to the screen's own pixels.
 * @param stage size of the stage in CSS pixels.
 * @param nameOf the words for a track.
 */
export function drawTracks(
  canvas: HTMLCanvasElement,
  stage: Size,
  picture: Size,
  tracks: readonly Track[],
  nameOf: (track: Track) => string,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  fitToScreen(canvas, stage);
  const scale = canvas.width / Math.max(1, stage.width);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, stage.width, stage.height);
  const place = containRect(picture, stage);
  context.font = `600 ${String(FONT_PX)}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const track of tracks) drawTrack(context, track, place, nameOf(track));
}

/** Give the canvas as many pixels as the screen has under it. */
export function fitToScreen(canvas: HTMLCanvasElement, stage: Size): void {
  const width = Math.round(stage.width * devicePixelRatio);
  const height = Math.round(stage.height * devicePixelRatio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** One box with its name.
 *
 * @param picture where the picture lies on the stage.
 */
export function drawTrack(context: CanvasRenderingContext2D, track: Track, picture: Rect, name: string): void {
  const box = boxRect(track.box, picture);
  if (box.width < 1 || box.height < 1) return;
  const colour = `hsl(${String(hueOf(track.track_id))} 85% 62%)`;
  // What was not seen just now, or not often enough to be sure, is drawn with a broken line.
  const sure = track.confirmed && track.unseen_s < 0.5;
  context.setLineDash(sure ? [] : [5, 4]);
  strokeBox(context, box, "rgb(0 0 0 / 45%)", LINE_PX + 2);
  strokeBox(context, box, colour, LINE_PX);
  context.setLineDash([]);
  drawLabel(context, box, picture, name, colour);
}

function strokeBox(context: CanvasRenderingContext2D, box: Rect, colour: string, linePx: number): void {
  context.lineWidth = linePx;
  context.strokeStyle = colour;
  context.beginPath();
  context.roundRect(box.left, box.top, box.width, box.height, Math.min(CORNER_PX, box.width / 2, box.height / 2));
  context.stroke();
}

function drawLabel(context: CanvasRenderingContext2D, box: Rect, picture: Rect, name: string, colour: string): void {
  const size = { width: context.measureText(name).width + 2 * PADDING_PX, height: FONT_PX + PADDING_PX };
  const label = labelRect(box, size, picture, LINE_PX + 1);
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(label.left, label.top, label.width, label.height, 4);
  context.fill();
  context.fillStyle = "rgb(8 16 18)";
  context.fillText(name, label.left + PADDING_PX, label.top + label.height / 2 + 0.5);
}

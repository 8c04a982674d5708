import type { PreviewFrame } from "./facts";
import type { ShownPicture } from "./transport";

/** A function that puts a decoded picture on the canvas, in the picture's own size; CSS fits it into the stage.
 *
 * The canvas takes the bitmap as it is: browsers hand it to the screen once. A canvas that is drawn on is copied anew with
 * each frame of the page, whatever changed: with 30 pictures on a wall that was a third of the page's time.
 */
export function showOn(canvas: HTMLCanvasElement): (picture: ImageBitmap) => void {
  const context = canvas.getContext("bitmaprenderer", { alpha: false });
  if (!context) throw new Error("this browser does not show bitmaps");
  return (picture) => context.transferFromImageBitmap(picture);
}

export function shownOf(header: PreviewFrame, widthPx: number, heightPx: number): ShownPicture {
  return { widthPx, heightPx, capturedUnixS: header.captured_unix_s, facts: header.facts };
}

/** The streams of a camera that a search found. Pure. */
import type { OnvifStream } from "../../api/types";

const area = (stream: OnvifStream) => stream.width_px * stream.height_px;

/** The stream to begin with: the sharpest; the camera's own order where it tells no sizes. */
export function bestStream(streams: readonly OnvifStream[]): OnvifStream | undefined {
  return streams.reduce<OnvifStream | undefined>((best, one) => (best === undefined || area(one) > area(best) ? one : best), undefined);
}

/** The stream to look for faces in instead: the sharpest that has at most half the pixels of the chosen one. */
export function smallerStream(streams: readonly OnvifStream[], chosen: OnvifStream): OnvifStream | undefined {
  return bestStream(streams.filter((one) => area(one) > 0 && area(one) * 2 <= area(chosen)));
}

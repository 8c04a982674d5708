/** Still pictures of cameras, asked for one after another. */
import { cameraPath } from "../../live/transport";

export const STILL_EVERY_MS = 3_000;
/** Browsers open six connections to a server; some have to stay free for what a reader does. */
const MOST_AT_ONCE = 2;
const WIDTH_STEP_PX = 160;
const WIDEST_PX = 640;

/** Lets a few at a time through, first come, first served. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** The width to ask for. Few different ones, so that a resized window asks for the same again. */
export function stillWidth(tilePx: number, pixelRatio: number): number {
  const wantedPx = Math.ceil((tilePx * pixelRatio) / WIDTH_STEP_PX) * WIDTH_STEP_PX;
  return Math.min(WIDEST_PX, Math.max(WIDTH_STEP_PX, wantedPx));
}

const gate = new Gate(MOST_AT_ONCE);

/** The newest picture of a camera.
 *
 * @throws when there is none, or when `signal` ends it.
 */
export function fetchStill(cameraId: string, widthPx: number, signal: AbortSignal): Promise<ImageBitmap> {
  return gate.pass(async () => {
    signal.throwIfAborted();
    const answer = await fetch(cameraPath(cameraId, `preview?width=${String(widthPx)}`), { signal });
    if (!answer.ok) throw new Error(`no picture: ${String(answer.status)}`);
    return createImageBitmap(await answer.blob());
  });
}

import type { LiveMessage } from "./message";
import { openLiveSocket } from "./socket";
import { Ending, addPicture, type OpenTransport } from "./transport";
import { shownOf, showOn } from "./paint";

/** JPEG pictures over a WebSocket: works in every browser, on every page. */
export const openJpeg: OpenTransport = (target, stage, listener) => {
  const ending = new Ending();
  const canvas = addPicture(stage, "canvas");
  const show = showOn(canvas);
  let waiting: LiveMessage | null = null;
  let decoding = false;

  // Decoding may be slower than the network: of what came meanwhile only the newest counts.
  async function decodeWaiting(): Promise<void> {
    if (decoding) return;
    decoding = true;
    try {
      while (waiting && !ending.ended) {
        const { header, payload }: LiveMessage = waiting;
        waiting = null;
        const bitmap = await createImageBitmap(new Blob([payload], { type: "image/jpeg" }));
        const { width, height } = bitmap;
        if (ending.ended) bitmap.close();
        else {
          show(bitmap);
          listener.shown(shownOf(header, width, height));
        }
      }
    } catch (error) {
      if (stop()) listener.lost("decoder", String(error));
    } finally {
      decoding = false;
    }
  }

  const close = openLiveSocket(target, "jpeg", {
    opened: listener.opened,
    message: (message) => {
      waiting = message;
      void decodeWaiting();
    },
    closed: (opened, detail) => {
      if (stop()) listener.lost(opened ? "closed" : "refused", detail);
    },
  });
  const stop = () =>
    ending.end(() => {
      close();
    });
  return { kind: "ws-jpeg", stop };
};

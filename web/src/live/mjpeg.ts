import { Ending, addPicture, cameraPath, type OpenTransport } from "./transport";

const LOOK_EVERY_MS = 500;
/** Browsers open six connections to a server. Endless answers on all of them would block every other request. */
const MOST_AT_ONCE = 4;
let open = 0;

/** Multipart JPEG in a plain image: needs nothing but HTTP. The browser tells neither times nor single pictures, so what
 * is shown is sampled: a picture counts as new when its pixels changed. */
export const openMjpeg: OpenTransport = (target, stage, listener) => {
  if (open >= MOST_AT_ONCE) throw new Error("too many multipart pictures at once");
  open += 1;
  const ending = new Ending();
  const image = addPicture(stage, "img");
  const changed = changeDetector(image);
  image.alt = "";
  image.onerror = () => {
    if (stop()) listener.lost("closed", "the picture stream ended");
  };
  const timer = setInterval(() => {
    if (image.naturalWidth === 0 || !changed()) return;
    listener.shown({ widthPx: image.naturalWidth, heightPx: image.naturalHeight, capturedUnixS: null, facts: null });
  }, LOOK_EVERY_MS);
  // A new address each time: browsers would hand two images of one address the same connection.
  image.src = cameraPath(target.cameraId, `mjpeg?quality=${target.quality}&viewer=${String(performance.now())}`);
  listener.opened();

  const stop = () =>
    ending.end(() => {
      open -= 1;
      clearInterval(timer);
      image.onerror = null;
      // Only another address ends the request.
      image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
    });
  return { kind: "mjpeg", stop };
};

/** A function that says whether the picture differs from the last time it was asked. */
function changeDetector(image: HTMLImageElement): () => boolean {
  const size = 24;
  const context = Object.assign(document.createElement("canvas"), { width: size, height: size }).getContext("2d", {
    willReadFrequently: true,
  });
  if (!context) throw new Error("this browser offers no 2D canvas");
  let last = "";
  return () => {
    context.drawImage(image, 0, 0, size, size);
    const now = context.getImageData(0, 0, size, size).data.join();
    if (now === last) return false;
    last = now;
    return true;
  };
}

import { codecString } from "./annexb";
import type { PreviewFrame } from "./facts";
import type { LiveMessage } from "./message";
import { shownOf, showOn } from "./paint";
import { openLiveSocket } from "./socket";
import { Ending, addPicture, type OpenTransport } from "./transport";

/** More waiting pictures than this mean that the decoder can't keep up: all up to the next keyframe are left out. */
const MOST_QUEUED = 12;
const MICROSECONDS = 1_000_000;

/** H.264 over a WebSocket, decoded by WebCodecs: a third of JPEG's bandwidth, on secure pages. */
export const openH264: OpenTransport = (target, stage, listener) => {
  const ending = new Ending();
  const canvas = addPicture(stage, "canvas");
  const show = showOn(canvas);
  const headers = new Map<number, PreviewFrame>();
  let configured = "";
  let needsKeyframe = true;
  let stampUs = 0;

  const fail = (error: unknown) => {
    if (stop()) listener.lost("decoder", String(error));
  };
  const decoder = new VideoDecoder({
    output: (frame) => {
      const header = headers.get(frame.timestamp);
      // Anything older was lost on the way; the decoder gives pictures in order, as there are no B-frames.
      for (const stamp of headers.keys()) if (stamp <= frame.timestamp) headers.delete(stamp);
      void showFrame(frame, header);
    },
    error: fail,
  });

  async function showFrame(frame: VideoFrame, header: PreviewFrame | undefined): Promise<void> {
    const { displayWidth: width, displayHeight: height } = frame;
    try {
      const bitmap = await createImageBitmap(frame);
      if (ending.ended) bitmap.close();
      else {
        show(bitmap);
        if (header) listener.shown(shownOf(header, width, height));
      }
    } catch (error) {
      fail(error);
    } finally {
      frame.close();
    }
  }

  function decode({ header, payload }: LiveMessage): void {
    const isKey = header.keyframe;
    if (decoder.decodeQueueSize > MOST_QUEUED) needsKeyframe = true;
    if (needsKeyframe && !isKey) return;
    if (isKey) configure(payload);
    needsKeyframe = false;
    // The decoder wants times that grow; `pts_s` starts anew with a new worker.
    stampUs = Math.max(stampUs + 1, Math.round(header.captured_unix_s * MICROSECONDS));
    headers.set(stampUs, header);
    decoder.decode(new EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: stampUs, data: payload }));
  }

  /** A keyframe carries its parameter sets; without `description` the decoder takes them from the stream (annex B). */
  function configure(keyframe: Uint8Array): void {
    const codec = codecString(keyframe);
    if (!codec || codec === configured) return;
    decoder.configure({ codec, optimizeForLatency: true });
    configured = codec;
  }

  const close = openLiveSocket(target, "h264", {
    opened: listener.opened,
    message: (message) => {
      try {
        decode(message);
      } catch (error) {
        fail(error);
      }
    },
    closed: (opened, detail) => {
      if (stop()) listener.lost(opened ? "closed" : "refused", detail);
    },
  });
  const stop = () =>
    ending.end(() => {
      close();
      if (decoder.state !== "closed") decoder.close();
    });
  return { kind: "ws-h264", stop };
};

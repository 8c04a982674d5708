import type { TransportKind } from "./chooser";
import { openH264 } from "./h264";
import { openJpeg } from "./jpeg";
import { openMjpeg } from "./mjpeg";
import type { OpenTransport } from "./transport";
import { openWhep } from "./whep";

/** Every way in which live pictures come. */
export const OPEN_TRANSPORT: Readonly<Record<TransportKind, OpenTransport>> = {
  "ws-h264": openH264,
  "ws-jpeg": openJpeg,
  whep: openWhep,
  mjpeg: openMjpeg,
};

/** Paths that cameras of well-known makers usually have. Pure. */
import { hostOf } from "./address";

export interface Maker {
  readonly name: string;
  readonly scheme: "rtsp" | "http";
  readonly path: string;
}

export const MAKERS: readonly Maker[] = [
  { name: "Hikvision", scheme: "rtsp", path: "/Streaming/Channels/101" },
  { name: "Dahua / Amcrest", scheme: "rtsp", path: "/cam/realmonitor?channel=1&subtype=0" },
  { name: "TP-Link Tapo / VIGI", scheme: "rtsp", path: "/stream1" },
  { name: "Reolink", scheme: "rtsp", path: "/h264Preview_01_main" },
  { name: "Axis", scheme: "rtsp", path: "/axis-media/media.amp" },
  { name: "Uniview", scheme: "rtsp", path: "/media/video1" },
  { name: "Hanwha / Wisenet", scheme: "rtsp", path: "/profile1/media.smp" },
  { name: "MJPEG", scheme: "http", path: "/video.mjpg" },
  { name: "HLS", scheme: "http", path: "/live/stream.m3u8" },
];

/** The usual home network's way to number a camera: plainly an example. */
export const EXAMPLE_HOST = "192.168.1.64";

/** The maker's address at the host that was typed already. */
export function addressOf(maker: Maker, typed: string): string {
  // `192.168.1.64/x` was typed without a scheme: its host counts too.
  const host = hostOf(typed) || /^[\w.-]+(?=[:/]|$)/.exec(typed.trim())?.[0] || EXAMPLE_HOST;
  return `${maker.scheme}://${host}${maker.path}`;
}

/** Which codec a recording is in, read from the beginning of its file: what its camera sends now may be another one. */

const BEGINNING_BYTES = 65_536;
/** What MP4 and Matroska call them. */
const MARKS: readonly (readonly [mark: string, codec: string])[] = [
  ["hvc1", "hevc"],
  ["hev1", "hevc"],
  ["V_MPEGH/ISO/HEVC", "hevc"],
  ["avc1", "h264"],
  ["avc3", "h264"],
  ["V_MPEG4/ISO/AVC", "h264"],
  ["av01", "av1"],
  ["V_AV1", "av1"],
  ["vp09", "vp9"],
  ["V_VP9", "vp9"],
  ["V_VP8", "vp8"],
  ["mp4v", "mpeg4"],
  ["V_MPEG4/ISO/ASP", "mpeg4"],
  ["V_MJPEG", "mjpeg"],
];

/** The codec of a file that begins so; "" when it does not say. Pure. */
export function codecIn(beginning: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(beginning);
  return MARKS.find(([mark]) => text.includes(mark))?.[1] ?? "";
}

/** The codec of a recording; "" when it can't be told. */
export async function codecOf(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { headers: { Range: `bytes=0-${String(BEGINNING_BYTES - 1)}` } });
    if (answer.status === 206) return codecIn(new Uint8Array(await answer.arrayBuffer()));
    await answer.body?.cancel(); // all of it, or a failure: neither helps
  } catch {
    // The note says without it what can be done.
  }
  return "";
}

import { FROM_CONSOLE } from "../api/client";
import { Ending, addPicture, cameraPath, type OpenTransport } from "./transport";

const GATHER_MS = 1_000;

/** WebRTC by WHEP (draft-ietf-wish-whep): for remote and lossy networks. The video element shows the pictures; times and
 * facts do not travel with them. */
export const openWhep: OpenTransport = (target, stage, listener) => {
  const ending = new Ending();
  const video = addPicture(stage, "video");
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  const connection = new RTCPeerConnection();
  const abort = new AbortController();
  let session: string | null = null;

  const lose = (reason: "refused" | "closed", detail: string) => {
    if (stop()) listener.lost(reason, detail);
  };
  connection.ontrack = (event) => {
    video.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    // Muted video may always start by itself; a refusal only means that the element was taken away meanwhile.
    video.play().catch(() => undefined);
  };
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === "connected") listener.opened();
    if (connection.connectionState === "failed" || connection.connectionState === "disconnected") {
      lose("closed", connection.connectionState);
    }
  };
  const onPicture = (_now: number, picture: VideoFrameCallbackMetadata) => {
    if (ending.ended) return;
    listener.shown({ widthPx: picture.width, heightPx: picture.height, capturedUnixS: null, facts: null });
    video.requestVideoFrameCallback(onPicture);
  };
  video.requestVideoFrameCallback(onPicture);

  async function connect(): Promise<void> {
    connection.addTransceiver("video", { direction: "recvonly" });
    await connection.setLocalDescription();
    await gathered(connection);
    const answer = await fetch(cameraPath(target.cameraId, `whep?quality=${target.quality}`), {
      method: "POST",
      headers: { "Content-Type": "application/sdp", ...FROM_CONSOLE },
      body: connection.localDescription?.sdp ?? "",
      signal: abort.signal,
    });
    if (!answer.ok) throw new Error(`HTTP ${String(answer.status)}`);
    session = answer.headers.get("Location");
    await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  }
  connect().catch((error: unknown) => lose("refused", String(error)));

  const stop = () =>
    ending.end(() => {
      abort.abort();
      connection.ontrack = connection.onconnectionstatechange = null;
      connection.close();
      video.srcObject = null;
      // `keepalive` lets it arrive even when the page is being closed. The server also notices by itself, just later.
      if (session) void fetch(session, { method: "DELETE", keepalive: true, headers: FROM_CONSOLE }).catch(() => undefined);
    });
  return { kind: "whep", stop };
};

/** Wait until all candidates are in the offer (WHEP without trickle), but not for ever. */
function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      if (connection.iceGatheringState === "complete") resolve();
    };
    connection.addEventListener("icegatheringstatechange", finish);
    setTimeout(resolve, GATHER_MS);
    finish();
  });
}

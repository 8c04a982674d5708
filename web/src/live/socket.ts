import { parseMessage, type LiveMessage } from "./message";
import { cameraPath, type LiveTarget } from "./transport";

/** What both WebSocket transports need from a connection. */
export interface SocketListener {
  opened: () => void;
  message: (message: LiveMessage) => void;
  /** @param opened whether the connection had stood before. */
  closed: (opened: boolean, detail: string) => void;
}

export function webSocketUrl(path: string): string {
  return Object.assign(new URL(path, location.href), { protocol: location.protocol === "https:" ? "wss:" : "ws:" }).href;
}

/** Open the live WebSocket of one camera; the result closes it, silently. */
export function openLiveSocket(target: LiveTarget, codec: "jpeg" | "h264", listener: SocketListener): () => void {
  const path = cameraPath(target.cameraId, `live?codec=${codec}&quality=${target.quality}`);
  const socket = new WebSocket(webSocketUrl(path));
  socket.binaryType = "arraybuffer";
  let opened = false;
  socket.onopen = () => {
    opened = true;
    listener.opened();
  };
  socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
    if (event.data instanceof ArrayBuffer) listener.message(parseMessage(event.data));
  };
  socket.onclose = (event) => listener.closed(opened, event.reason || `code ${String(event.code)}`);
  return () => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  };
}

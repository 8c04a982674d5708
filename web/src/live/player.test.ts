import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { TRANSPORTS, type TransportChoice, type TransportKind } from "./chooser";
import { NO_PICTURE_MS, Player, type PlayerView } from "./player";
import type { LiveTransport, OpenTransport, TransportListener } from "./transport";

interface Opened extends LiveTransport {
  readonly listener: TransportListener;
  stopped: boolean;
}

/** A stage and transports that do what the test says. */
function scene(choice: TransportChoice = "auto") {
  const opened: Opened[] = [];
  let view: PlayerView | null = null;
  let serves = true;
  const openOf = (kind: TransportKind): OpenTransport => (_target, _stage, listener) => {
    const transport: Opened = { kind, listener, stopped: false, stop: () => void (transport.stopped = true) };
    opened.push(transport);
    return transport;
  };
  const transports = Object.fromEntries(TRANSPORTS.map((kind) => [kind, openOf(kind)])) as Record<TransportKind, OpenTransport>;
  const stage = { querySelectorAll: () => [] } as unknown as HTMLElement;
  const player = new Player(
    {
      transports,
      abilities: () => ({ webCodecs: true, webRtc: true, webSocket: true }),
      rttMs: () => 1,
      serves: () => serves,
      shown: () => undefined,
      changed: (now) => (view = now),
    },
    stage,
    { cameraId: "door", quality: "normal" },
    choice,
  );
  const newest = (): Opened => {
    const transport = opened.at(-1);
    if (!transport) throw new Error("nothing was opened");
    return transport;
  };
  const show = () =>
    newest().listener.shown({ widthPx: 64, heightPx: 36, capturedUnixS: Date.now() / 1000, facts: null });
  return { player, opened, newest, show, view: () => view, serverGone: () => (serves = false) };
}

describe("Player", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("plays with the first picture", () => {
    const { player, show, view } = scene();
    player.start();
    expect(view()?.state).toBe("connecting");
    show();
    expect(view()).toMatchObject({ state: "playing", transport: "ws-h264", frames: 1 });
  });

  it("falls back at once when the decoder fails", () => {
    const { player, newest } = scene();
    player.start();
    newest().listener.lost("decoder", "");
    vi.advanceTimersByTime(1);
    expect(newest().kind).toBe("ws-jpeg");
  });

  it("falls back when the camera delivers and yet no picture comes", () => {
    const { player, newest, opened } = scene();
    player.start();
    vi.advanceTimersByTime(NO_PICTURE_MS + 1000);
    expect(opened[0]?.stopped).toBe(true);
    expect(newest().kind).toBe("ws-jpeg");
  });

  it("stays with its transport, and waits longer each time, while the server is gone", () => {
    const { player, newest, opened, serverGone } = scene();
    serverGone();
    player.start();
    for (let losses = 0; losses < 4; losses++) {
      newest().listener.lost("refused", "");
      vi.advanceTimersByTime(60_000);
    }
    expect(new Set(opened.map((transport) => transport.kind))).toEqual(new Set(["ws-h264"]));
  });

  it("keeps a choice by hand and tries it again", () => {
    const { player, newest, opened } = scene("whep");
    player.start();
    newest().listener.lost("refused", "");
    vi.advanceTimersByTime(1000);
    expect(opened.map((transport) => transport.kind)).toEqual(["whep", "whep"]);
  });

  it("opens the connection anew after it broke, and plays again", () => {
    const { player, newest, show, view } = scene();
    player.start();
    show();
    newest().listener.lost("closed", "");
    vi.advanceTimersByTime(400);
    expect(view()?.state).toBe("waiting");
    vi.advanceTimersByTime(400);
    show();
    expect(view()).toMatchObject({ state: "playing", transport: "ws-h264", frames: 2 });
  });

  it("says that it waits when pictures pause", () => {
    const { player, show, view } = scene();
    player.start();
    show();
    vi.advanceTimersByTime(3000);
    expect(view()?.state).toBe("waiting");
  });

  it("lets go of everything when nobody looks", () => {
    const { player, newest, opened, view } = scene();
    player.start();
    player.stop();
    expect(newest().stopped).toBe(true);
    expect(view()?.state).toBe("stopped");
    vi.advanceTimersByTime(60_000);
    expect(opened).toHaveLength(1);
  });

  it("changes the transport when another is chosen", () => {
    const { player, newest, opened } = scene();
    player.start();
    player.choose("mjpeg");
    expect(opened[0]?.stopped).toBe(true);
    expect(newest().kind).toBe("mjpeg");
  });
});

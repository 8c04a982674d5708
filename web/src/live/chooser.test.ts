import { describe, expect, it } from "vitest";

import { FORGET_MS, blamesTransport, chooseTransport, ranking, type Abilities, type Failure } from "./chooser";

const everything: Abilities = { webCodecs: true, webRtc: true, webSocket: true };
const insecure: Abilities = { ...everything, webCodecs: false };
const failed = (kind: Failure["kind"], atMs = 0, reason: Failure["reason"] = "no_picture"): Failure => ({ kind, reason, atMs });

describe("ranking", () => {
  it("prefers H.264 where the page is secure", () => {
    expect(ranking(everything, 5)).toEqual(["ws-h264", "ws-jpeg", "whep", "mjpeg"]);
  });

  it("prefers JPEG where WebCodecs is missing", () => {
    expect(ranking(insecure, 5)[0]).toBe("ws-jpeg");
  });

  it("prefers WebRTC over a remote network", () => {
    expect(ranking(everything, 200)[0]).toBe("whep");
  });

  it("leaves multipart JPEG where WebSockets are blocked and WebRTC is missing", () => {
    expect(ranking({ webCodecs: true, webRtc: false, webSocket: false }, null)).toEqual(["mjpeg"]);
  });
});

describe("chooseTransport", () => {
  it("keeps a manual choice whatever failed", () => {
    expect(chooseTransport("mjpeg", everything, null, [failed("mjpeg")], 1)).toBe("mjpeg");
  });

  it("falls back to the next that did not fail", () => {
    expect(chooseTransport("auto", everything, null, [failed("ws-h264")], 1)).toBe("ws-jpeg");
  });

  it("comes back to the best when its failure is old", () => {
    expect(chooseTransport("auto", everything, null, [failed("ws-h264")], FORGET_MS)).toBe("ws-h264");
  });

  it("tries the oldest failure again when all failed", () => {
    const failures = [failed("ws-h264", 40), failed("ws-jpeg", 10), failed("whep", 20), failed("mjpeg", 30)];
    expect(chooseTransport("auto", everything, null, failures, 50)).toBe("ws-jpeg");
  });

  it("takes WebRTC when pictures came late over TCP", () => {
    expect(chooseTransport("auto", insecure, 5, [failed("ws-jpeg", 0, "late")], 1)).toBe("whep");
  });
});

describe("blamesTransport", () => {
  it("does not blame a transport for a broken connection", () => {
    expect(blamesTransport("closed", true)).toBe(false);
  });

  it("does not blame a transport while the camera delivers nothing", () => {
    expect(blamesTransport("no_picture", false)).toBe(false);
  });

  it("blames a transport that can't be opened while the server answers", () => {
    expect(blamesTransport("refused", true)).toBe(true);
  });

  it("always blames a decoder that failed", () => {
    expect(blamesTransport("decoder", false)).toBe(true);
  });
});

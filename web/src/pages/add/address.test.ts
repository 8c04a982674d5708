import { describe, expect, it } from "vitest";

import { hostOf, networkFinding, pathFinding } from "./address";

describe("networkFinding", () => {
  it.each([
    "",
    "rtsp://192.168.1.64/Streaming/Channels/101",
    "rtsp://admin:p%40ss@camera.local:554/cam",
    "RTSP://[fe80::1]:8554/cam",
    "https://example.org/live/stream.m3u8?token=a:b",
    "  http://10.0.0.5/video.mjpg  ",
  ])("lets %s pass", (text) => {
    expect(networkFinding(text)).toBeNull();
  });

  it.each([
    ["192.168.1.64/stream1", "add.check.scheme", "rtsp://192.168.1.64/stream1"],
    ["front door", "add.check.scheme", undefined],
    ["rtsp:/10.0.0.5/x", "add.check.slashes", "rtsp://10.0.0.5/x"],
    ["rtsp:10.0.0.5/x", "add.check.slashes", "rtsp://10.0.0.5/x"],
    ["rstp://10.0.0.5/x", "add.check.schemeNear", undefined],
    ["rtp://10.0.0.5/x", "add.check.schemeNear", "rtsp://10.0.0.5/x"],
    ["htp://10.0.0.5/x", "add.check.schemeNear", "http://10.0.0.5/x"],
    ["ftp://10.0.0.5/x", "add.check.schemeNear", undefined],
    ["rtsp:///stream1", "add.check.host", undefined],
    ["rtsp://admin:x@/stream1", "add.check.host", undefined],
    ["rtsp://10.0.0.5:0/x", "add.check.port", undefined],
    ["rtsp://10.0.0.5:99999/x", "add.check.port", undefined],
    ["rtsp://10.0.0.5:abc/x", "add.check.port", undefined],
    ["rtsp://10.0.0.5 /x", "add.check.invalid", undefined],
    ["rtsp://[fe80::1/x", "add.check.invalid", undefined],
    ["rtsp://<ip>/x", "add.check.placeholder", undefined],
    ["rtsp://HOST/stream1", "add.check.placeholder", undefined],
    ["rtsp://10.0.0.5/a\nb", "add.check.control", undefined],
  ])("says of %j: %s", (text, word, fix) => {
    const finding = networkFinding(text);
    expect([finding?.word, finding?.fix]).toEqual([word, fix]);
  });
});

describe("pathFinding", () => {
  it.each(["", "/srv/video.mp4", "film.mp4", "C:\\video\\a.mkv", "images:/srv/frames"])("lets %s pass", (text) => {
    expect(pathFinding(text)).toBeNull();
  });

  it("takes file:// away", () => {
    expect(pathFinding("file:///srv/a.mp4")).toEqual({ word: "add.check.fileScheme", fix: "/srv/a.mp4" });
  });

  it("knows a network address", () => {
    expect(pathFinding("rtsp://10.0.0.5/x")).toMatchObject({ elsewhere: "network" });
  });
});

describe("hostOf", () => {
  it.each([
    ["rtsp://admin:p@ss@10.0.0.5:554/x", "10.0.0.5"],
    ["rtsp://[fe80::1]:554/x", "[fe80::1]"],
    ["http://camera.local", "camera.local"],
    ["10.0.0.5/x", ""],
    ["", ""],
  ])("of %s is %s", (text, host) => {
    expect(hostOf(text)).toBe(host);
  });
});

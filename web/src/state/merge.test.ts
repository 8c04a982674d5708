import { describe, expect, it } from "vitest";

import type { BriefCamera, Camera, CameraStatus, HappenedEvent, StatusMessage } from "../api/types";
import { delivers, fromBrief, isRecording, keepSame, withBrief, withEvent, withNews } from "./merge";

const status = (state: CameraStatus["state"], running = true) => ({ state, running }) as CameraStatus;
const camera = (id: string) => ({ id, status: status("starting") }) as Camera;
const news = (camera_id: string): StatusMessage => ({
  type: "status", seq: 1, camera_id, wanted: true, status: status("running"), pipeline: null,
});
const event = (id: string, started_unix_s: number, ended_unix_s: number | null = null) =>
  ({ id, started_unix_s, ended_unix_s }) as HappenedEvent;

describe("withNews", () => {
  it("changes the state and leaves the camera that was given as it is", () => {
    const before = camera("a");
    expect(withNews(before, news("a")).status.state).toBe("running");
    expect(before.status.state).toBe("starting");
  });
});

describe("withBrief", () => {
  const before = { ...camera("a"), status: { ...status("running"), fps: 15, latency_ms: 40, restarts: 3 } } as Camera;

  it("changes only figures where nothing else is said", () => {
    const now = withBrief(before, { camera_id: "a", fps: 12, latency_ms: null });
    expect(now.status).toEqual({ ...before.status, fps: 12, latency_ms: null });
    expect(before.status.fps).toBe(15);
  });

  it("takes a state with its fault and what it records", () => {
    const fault = { code: "source.unreachable" } as NonNullable<CameraStatus["last_error"]>;
    const now = withBrief(before, { camera_id: "a", fps: 0, latency_ms: null, running: true, state: "reconnecting", recording: true, last_error: fault });
    expect([now.status.state, now.status.last_error, now.status.restarts, isRecording(now)]).toEqual(["reconnecting", fault, 3, true]);
  });
});

describe("fromBrief", () => {
  const brief = { id: "a", status: { running: true, state: "running", fps: 15, latency_ms: 40, recording: true, last_error: null } } as BriefCamera;

  it("is a camera whose inside is not known", () => {
    const now = fromBrief(brief);
    expect([now.pipeline, now.status.drops, now.status.state, isRecording(now)]).toEqual([null, {}, "running", true]);
  });

  it("keeps the inside that is known", () => {
    const known = { ...camera("a"), pipeline: { codec: "h264" }, status: { ...status("idle"), restarts: 2 } } as Camera;
    const now = fromBrief(brief, known);
    expect([now.pipeline?.codec, now.status.restarts, now.status.state]).toEqual(["h264", 2, "running"]);
  });
});

describe("keepSame", () => {
  it("keeps the old list while nothing changed", () => {
    const old = ["a", "b"];
    expect(keepSame(old, ["a", "b"])).toBe(old);
  });

  it.each([[["a"]], [["b", "a"]], [["a", "b", "c"]], [[]]])("takes a list that differs: %s", (now) => {
    expect(keepSame(["a", "b"], now)).toBe(now);
    expect(keepSame(undefined, now)).toBe(now);
  });
});

describe("withEvent", () => {
  it("puts the newest first", () => {
    expect(withEvent([event("a", 1)], event("b", 2), 9).map((e) => e.id)).toEqual(["b", "a"]);
  });

  it("replaces an event that comes again when it ended", () => {
    expect(withEvent([event("a", 1)], event("a", 1, 5), 9)).toEqual([event("a", 1, 5)]);
  });

  it("keeps only so many", () => {
    expect(withEvent([event("b", 2), event("a", 1)], event("c", 3), 2).map((e) => e.id)).toEqual(["c", "b"]);
  });
});

describe("delivers", () => {
  it("is true for a camera that runs or rests", () => {
    expect([delivers(status("running")), delivers(status("idle"))]).toEqual([true, true]);
  });

  it("is false while the camera is being reconnected or its worker is gone", () => {
    expect([delivers(status("reconnecting")), delivers(status("running", false))]).toEqual([false, false]);
  });
});

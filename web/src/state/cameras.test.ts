import { beforeEach, describe, expect, it, vi } from "vitest";
import { effect } from "vue";

import type { Camera, StatusMessage } from "../api/types";

const camera = (id: string, name = id) => ({ id, name, status: { state: "starting" } }) as Camera;
const news = (camera_id: string, state = "running") => ({ type: "status", camera_id, status: { state } }) as StatusMessage;

let frame: () => void = () => undefined;
let known: typeof import("./cameras");

beforeEach(async () => {
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => {
    frame = run;
  });
  vi.resetModules();
  known = await import("./cameras");
  known.putCameras([camera("a"), camera("b")]);
});

/** How often what reads `read` was run anew. */
function runs(read: () => unknown): () => number {
  let count = 0;
  effect(() => {
    read();
    count += 1;
  });
  return () => count - 1;
}

describe("news of one camera", () => {
  it("concern only what shows that camera", () => {
    const ofA = runs(() => known.cameraOf("a"));
    const ofB = runs(() => known.cameraOf("b"));
    const ofList = runs(() => known.cameraIds.value);
    known.putStatus(news("a"));
    frame();
    expect([ofA(), ofB(), ofList()]).toEqual([1, 0, 0]);
    expect(known.cameraOf("a")?.status.state).toBe("running");
  });

  it("show once a frame, the newest", () => {
    const ofA = runs(() => known.cameraOf("a"));
    for (const state of ["reconnecting", "starting", "failed"]) known.putStatus(news("a", state));
    expect(ofA()).toBe(0);
    frame();
    expect([ofA(), known.cameraOf("a")?.status.state]).toEqual([1, "failed"]);
  });

  it("show soon on a page that gets no frames", () => {
    vi.useFakeTimers();
    vi.stubGlobal("document", { hidden: true });
    known.putStatus(news("b"));
    vi.advanceTimersByTime(300);
    vi.useRealTimers();
    expect(known.cameraOf("b")?.status.state).toBe("running");
  });

  it("in brief add up until they show, after a full state that came before", () => {
    known.putStatus(news("a", "failed"));
    known.putBrief([{ camera_id: "a", fps: 1, latency_ms: null, state: "running" }]);
    known.putBrief([{ camera_id: "a", fps: 9, latency_ms: 40 }]);
    frame();
    expect(known.cameraOf("a")?.status).toMatchObject({ state: "running", fps: 9, latency_ms: 40 });
  });

  it("in full replace what was told in brief before", () => {
    known.putBrief([{ camera_id: "a", fps: 1, latency_ms: null, state: "running" }]);
    known.putStatus(news("a", "failed"));
    frame();
    expect(known.cameraOf("a")?.status.state).toBe("failed");
  });

  it("are nothing for a camera that the page does not know", () => {
    known.putStatus(news("x"));
    frame();
    expect(known.cameras.value.map(({ id }) => id)).toEqual(["a", "b"]);
  });
});

describe("all cameras anew", () => {
  it("leave the list of ids as it is while none comes or goes", () => {
    const ofList = runs(() => known.cameraIds.value);
    known.putCameras([camera("a", "Another name"), camera("b")]);
    expect([ofList(), known.cameraOf("a")?.name]).toEqual([0, "Another name"]);
  });

  it("are newer than news that wait", () => {
    known.putStatus(news("a", "failed"));
    known.putCameras([camera("a"), camera("b")]);
    frame();
    expect(known.cameraOf("a")?.status.state).toBe("starting");
  });

  it("tell those who look at one that it is gone, and that it came", () => {
    const seen: (string | undefined)[] = [];
    effect(() => seen.push(known.cameraOf("b")?.id));
    known.putCameras([camera("a")]);
    known.putCameras([camera("a"), camera("b")]);
    expect(seen).toEqual(["b", undefined, "b"]);
  });
});

describe("cameras that changed", () => {
  it("leave the others as they are", () => {
    const ofA = runs(() => known.cameraOf("a"));
    const ofList = runs(() => known.cameraIds.value);
    known.putChanges([camera("b", "Another name")], null);
    expect([ofA(), ofList(), known.cameraOf("b")?.name]).toEqual([0, 0, "Another name"]);
  });

  it("are newer than news of them that wait", () => {
    known.putStatus(news("a", "failed"));
    known.putStatus(news("b", "failed"));
    known.putChanges([camera("a")], null);
    frame();
    expect(["a", "b"].map((id) => known.cameraOf(id)?.status.state)).toEqual(["starting", "failed"]);
  });

  it("come and go, each in its place", () => {
    known.putChanges([camera("c")], ["c", "b"]);
    expect(known.cameraIds.value).toEqual(["c", "b"]);
    expect(known.cameraOf("a")).toBeUndefined();
  });
});

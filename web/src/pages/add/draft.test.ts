import { describe, expect, it } from "vitest";

import { cameraOf, fieldOf, fieldOfCode, idFinding, newDraft, sourceFinding, sourceOf, suggestedName, type Draft } from "./draft";

const STREAM = { profile: "main", name: "Main", url: "rtsp://10.0.0.9/main", codec: "H264", width_px: 1920, height_px: 1080, fps: 25 };
const draft = (kind: Draft["kind"], fields: Partial<Draft> = {}): Draft => ({ ...newDraft(kind), ...fields });

describe("the source", () => {
  it.each<[string, Draft, object]>([
    ["an open camera", draft("network", { url: " rtsp://10.0.0.5/a " }), { url: "rtsp://10.0.0.5/a" }],
    [
      "one with a password",
      draft("network", { url: "rtsp://10.0.0.5/a", username: "admin", password: " p@ss " }),
      { url: "rtsp://10.0.0.5/a", username: "admin", password: " p@ss " },
    ],
    ["one over UDP", draft("network", { url: "rtsp://10.0.0.5/a", transport: "udp" }), { url: "rtsp://10.0.0.5/a", transport: "udp" }],
    ["HTTP, which has no such choice", draft("network", { url: "http://10.0.0.5/a", transport: "udp" }), { url: "http://10.0.0.5/a" }],
    ["a found stream", draft("onvif", { stream: STREAM, username: "u", password: "p" }), { url: STREAM.url, username: "u", password: "p" }],
    ["a device", draft("device", { device: "device:/dev/video0", size: "640×480" }), { url: "device:/dev/video0", width_px: 640, height_px: 480 }],
    ["a file shown once", draft("file", { path: "a.mp4", loop: false, username: "left over" }), { url: "a.mp4", loop: false }],
    ["the demo", draft("demo"), { url: "demo:" }],
  ])("of %s holds what was chosen", (_, typed, source) => {
    expect(sourceOf(typed)).toEqual(source);
  });
});

describe("the camera", () => {
  it("leaves out what the server knows better", () => {
    expect(cameraOf(draft("demo"), "Demo")).toEqual({ name: "Demo", source: { url: "demo:" } });
  });

  it("names what was chosen", () => {
    const typed = draft("demo", { id: "hall", act: "hide", record: "events" });
    expect(cameraOf(typed, "Hall")).toEqual({
      id: "hall",
      name: "Hall",
      source: { url: "demo:" },
      act: { kind: "hide" },
      record: { mode: "events" },
    });
  });
});

describe("a smaller stream", () => {
  const subStream = { ...STREAM, profile: "sub", url: "rtsp://10.0.0.9/sub" };
  const typed = draft("onvif", { stream: STREAM, subStream, username: "u", password: "p" });

  it("comes along with the same login", () => {
    expect(cameraOf(typed, "Gate")["sub_source"]).toEqual({ url: subStream.url, username: "u", password: "p" });
  });

  it.each([{ ...typed, act: "hide" as const }, { ...typed, kind: "demo" as const }])("is left out where it is of no use", (other) => {
    expect(cameraOf(other, "Gate")).not.toHaveProperty("sub_source");
  });
});

describe("the suggested name", () => {
  it.each<[Draft, object | null]>([
    [draft("network", { url: "rtsp://10.0.0.5:554/a" }), { host: "10.0.0.5" }],
    [draft("network"), null],
    [draft("onvif", { stream: STREAM, streamOf: "Gate" }), { text: "Gate" }],
    [draft("device", { device: "device:0", deviceName: "C920" }), { text: "C920" }],
    [draft("file", { path: "/srv/video/Front door.mp4" }), { text: "Front door" }],
    [draft("file", { path: "C:\\video\\yard\\" }), { text: "yard" }],
    [draft("demo"), { text: "Demo" }],
  ])("comes from the source", (typed, name) => {
    expect(suggestedName(typed)).toEqual(name);
  });
});

describe("what is wrong", () => {
  it.each([
    ["network", "add.check.required"],
    ["onvif", "add.check.chooseStream"],
    ["device", "add.check.chooseDevice"],
    ["demo", undefined],
  ] as const)("with a source of the kind %s that was not chosen: %s", (kind, word) => {
    expect(sourceFinding(draft(kind))?.word).toBe(word);
  });

  it.each([
    ["door", "add.check.idTaken"],
    ["Door", "add.check.id"],
    ["new", "add.check.idReserved"],
    ["yard", undefined],
  ])("with the id %s: %s", (id, word) => {
    expect(idFinding(id, (known) => (known === "door" ? "Front door" : undefined))?.word).toBe(word);
  });

  it.each([
    ["source.url", "network", "url"],
    ["source", "file", "path"],
    ["source.password", "network", "password"],
    ["name", "demo", "name"],
    ["id", "demo", "id"],
    ["zones[0].points", "demo", null],
  ] as const)("with the setting %s of %s is shown at %s", (key, kind, field) => {
    expect(fieldOf(key, kind)).toBe(field);
  });

  it.each([
    ["camera.exists", "demo", "id"],
    ["source.unauthorized", "network", "password"],
    ["source.not_found", "file", "path"],
    ["camera.store_full", "demo", null],
  ] as const)("by the failure %s of %s is shown at %s", (code, kind, field) => {
    expect(fieldOfCode(code, kind)).toBe(field);
  });
});

import { describe, expect, it } from "vitest";

import { isMedia, mediaKindOf } from "./media";

describe("mediaKindOf", () => {
  it.each([
    ["a.mp4", "video"],
    ["/srv/录像/海边 🌊.MKV", "video"],
    ["holiday.JPG", "photo"],
    ["scan.tiff", "photo"],
    ["notes.txt", null],
    ["mp4", null],
    ["archive.mp4.zip", null],
  ])("says of %s: %s", (name, kind) => {
    expect(mediaKindOf(name)).toBe(kind);
  });
});

describe("isMedia", () => {
  it("believes the type of a file whose name says nothing", () => {
    expect(isMedia({ name: "clip", type: "video/x-unheard-of" })).toBe(true);
  });

  it("leaves out what is neither", () => {
    expect(isMedia({ name: "Thumbs.db", type: "" })).toBe(false);
  });
});

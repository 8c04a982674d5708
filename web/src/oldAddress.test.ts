import { describe, expect, it } from "vitest";

import { cameraOfHash } from "./oldAddress";

describe("cameraOfHash", () => {
  it.each([
    ["#/camera/front", "front"],
    ["#/camera/%E9%97%A8", "门"],
    ["#/camera/%E9", null],
    ["#/", null],
    ["#page-title", null],
    ["", null],
  ])("%s names %s", (hash, id) => {
    expect(cameraOfHash(hash)).toBe(id);
  });
});

import { describe, expect, it } from "vitest";

import { sizesOf } from "./sizes";

const size = (width_px: number, height_px: number, max_fps: number) => ({ width_px, height_px, max_fps });

describe("sizesOf", () => {
  it("names each size once, with the best rate of all formats, largest first", () => {
    const modes = [
      { pixel_format: "YUYV", description: "", sizes: [size(640, 480, 30), size(1280, 720, 10)] },
      { pixel_format: "MJPG", description: "", sizes: [size(1280, 720, 30)] },
    ];
    expect(sizesOf(modes)).toEqual([
      { value: "1280×720", width: 1280, height: 720, fps: 30 },
      { value: "640×480", width: 640, height: 480, fps: 30 },
    ]);
  });
});

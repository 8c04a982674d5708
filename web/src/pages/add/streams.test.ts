import { describe, expect, it } from "vitest";

import { bestStream, smallerStream } from "./streams";

const stream = (profile: string, width_px: number, height_px: number) => ({ profile, name: profile, url: `rtsp://x/${profile}`, codec: "H264", width_px, height_px, fps: 25 });
const MAIN = stream("main", 1920, 1080);
const SUB = stream("sub", 640, 360);
const TINY = stream("tiny", 320, 180);
const UNKNOWN = stream("unknown", 0, 0);

describe("bestStream", () => {
  it.each([
    [[SUB, MAIN, TINY], MAIN],
    [[UNKNOWN, stream("other", 0, 0)], UNKNOWN],
    [[], undefined],
  ])("of %j", (streams, best) => {
    expect(bestStream(streams)).toEqual(best);
  });
});

describe("smallerStream", () => {
  it.each([
    [MAIN, SUB],
    [SUB, TINY],
    [TINY, undefined],
    [UNKNOWN, undefined],
  ])("beside %j", (chosen, smaller) => {
    expect(smallerStream([MAIN, SUB, TINY, UNKNOWN], chosen)).toEqual(smaller);
  });
});

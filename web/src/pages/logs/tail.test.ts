import { describe, expect, it } from "vitest";

import type { LogLine } from "../../api/logs";
import { caughtUp, EMPTY, fieldsOf, MOST, newestOf, outputOf, repeatsOf, textOf, withNew, withOlder } from "./tail";

const line = (time_unix_s: number, more: Partial<LogLine> = {}): LogLine => ({ time: `t${String(time_unix_s)}`, time_unix_s, level: "info", process: "server", camera_id: "", request_id: "", event: "e", fields: {}, ...more });
const times = (lines: readonly LogLine[]) => lines.map(({ time_unix_s }) => time_unix_s);

describe("the tail", () => {
  it("puts older pages before, the oldest first", () => {
    const tail = withOlder(withOlder(EMPTY, [line(4), line(3)]), [line(2), line(1)]);
    expect(times(tail.entries)).toEqual([1, 2, 3, 4]);
  });

  it("shows new lines to who follows", () => {
    expect(times(withNew(withOlder(EMPTY, [line(1)]), [line(2), line(3)], 0, true).entries)).toEqual([1, 2, 3]);
  });

  it("keeps them waiting for who reads, and shows them then", () => {
    const reading = withNew(withOlder(EMPTY, [line(1)]), [line(2)], 0, false);
    expect([times(reading.entries), times(reading.waiting), newestOf(reading)]).toEqual([[1], [2], 2]);
    expect(times(caughtUp(reading).entries)).toEqual([1, 2]);
  });

  it("says how many lines were too many", () => {
    const many = Array.from({ length: MOST + 5 }, (_, index) => line(index));
    const tail = caughtUp(withNew(EMPTY, many, 7, false));
    expect([tail.entries.length, tail.entries[0]?.missed]).toEqual([MOST, 5]);
  });

  it("keeps the newest only", () => {
    const many = Array.from({ length: MOST + 5 }, (_, index) => line(index));
    expect(times(withNew(EMPTY, many, 0, true).entries)[0]).toBe(5);
  });

  it("knows nothing of nothing", () => expect([newestOf(EMPTY), caughtUp(EMPTY)]).toEqual([null, EMPTY]));
});

describe("a line", () => {
  it("shows its fields but for empty ones and those with a place of their own", () => {
    expect(fieldsOf({ code: "x", empty: "", nothing: null, fps: 25, worker: "w1", output: "long" })).toEqual([["code", "x"], ["fps", "25"]]);
  });
  it("has what a process said last", () => expect([outputOf(line(1, { fields: { output: "Traceback" } })), outputOf(line(1))]).toEqual(["Traceback", ""]));
  it("sums up", () => expect([repeatsOf(line(1, { fields: { repeated: 3, repeats_ended: true } })), repeatsOf(line(1))]).toEqual([{ count: 3, ended: true }, null]));
  it("is one line of text", () => {
    expect(textOf(line(1, { level: "error", camera_id: "door", request_id: "r1", fields: { code: "x" } }))).toBe("t1 error    server e camera=door request=r1 code=x");
  });
});

import { describe, expect, it } from "vitest";

import { append, between, csvOf, emptyTable, joined, reseries, trim } from "./table";

describe("append", () => {
  it("adds a row, and leaves out what is not newer", () => {
    const table = emptyTable(2);
    append(table, 1, [5, null]);
    append(table, 1, [6, 6]);
    append(table, 2, [7]);
    expect(table).toEqual({ times: [1, 2], columns: [[5, 7], [null, null]] });
  });
});

describe("trim", () => {
  it("forgets old rows, many at a time", () => {
    const table = emptyTable(1);
    for (let time = 0; time < 200; time += 1) append(table, time, [time]);
    trim(table, 10);
    expect(table.times.length).toBe(200);
    trim(table, 100);
    expect([table.times[0], table.columns[0]?.[0], table.times.length]).toEqual([100, 100, 100]);
  });

  it("forgets all when all is old", () => {
    const table = emptyTable(1);
    append(table, 1, [1]);
    trim(table, 5);
    expect(table).toEqual({ times: [], columns: [[]] });
  });
});

describe("joined", () => {
  it("puts series side by side, by time", () => {
    const table = joined([
      { unix_s: [10, 11], mean: [1, 2], step_s: 1 },
      { unix_s: [11.2, 12], mean: [5, 6], step_s: 1 },
    ]);
    expect(table).toEqual({ times: [10, 11, 12], columns: [[1, 2, null], [null, 5, 6]] });
  });

  it("leaves a gap where nothing was measured", () => {
    expect(joined([{ unix_s: [10, 20], mean: [1, 2], step_s: 1 }])).toEqual({ times: [10, 19, 20], columns: [[1, null, 2]] });
  });

  it("is empty of nothing", () => expect(joined([])).toEqual({ times: [], columns: [] }));
});

it("keeps the columns of series that stay", () => {
  expect(reseries({ times: [1], columns: [[5], [6]] }, ["a", "b"], ["b", "c"])).toEqual({ times: [1], columns: [[6], [null]] });
});

it("cuts out a piece", () => {
  expect(between({ times: [1, 2, 3], columns: [[4, 5, 6]] }, 2, 3)).toEqual({ times: [2, 3], columns: [[5, 6]] });
});

it("writes CSV with quoted names and empty cells", () => {
  expect(csvOf(['P50 "ms"', "b"], { times: [0], columns: [[1.5], [null]] })).toBe('time,"P50 ""ms""",b\n1970-01-01T00:00:00.000Z,1.5,\n');
});

import { expect, it } from "vitest";

import { legendRows } from "./legend";

it("breaks a legend that is too long", () => {
  expect(legendRows([40, 40, 40], 100)).toEqual([{ row: 0, left: 0 }, { row: 0, left: 40 }, { row: 1, left: 0 }]);
});

it("gives a name that is too long a line of its own", () => {
  expect(legendRows([400, 40], 100)).toEqual([{ row: 0, left: 0 }, { row: 1, left: 0 }]);
});

it("has no line without names", () => expect(legendRows([], 100)).toEqual([{ row: -1, left: 0 }]));

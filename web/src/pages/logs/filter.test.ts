import { describe, expect, it } from "vitest";

import { filterOf, isUsual, parametersOf, queryOf } from "./filter";

describe("the address", () => {
  it.each([
    [{}],
    [{ level: "error", camera: "door", text: "lost" }],
    [{ process: "w1", request: "abc" }],
  ])("keeps %j", (query) => expect(queryOf(filterOf(query))).toEqual(query));

  it("forgets a level that there is not", () => expect(isUsual(filterOf({ level: "loud" }))).toBe(true));
});

it("asks the server for what was chosen", () => {
  expect(parametersOf(filterOf({ camera: "door", text: " x " })).toString()).toBe("level=info&camera_id=door&text=x");
});

import { expect, it } from "vitest";

import { daysOf } from "./expiry";

it("a token ends after its days, or never", () => {
  expect([daysOf("30"), daysOf("never")]).toEqual([30, null]);
});

import { expect, it } from "vitest";

import type { SecurityEvent } from "../../api/access";
import { withNewest } from "./events";

const event = (event_id: number, last_unix_s: number, count = 1) => ({ event_id, last_unix_s, count }) as SecurityEvent;

it("an event that goes on takes its place anew, with its count", () => {
  expect(withNewest([event(2, 20), event(1, 10)], event(1, 30, 4))).toEqual([event(1, 30, 4), event(2, 20)]);
});

it("only so many are kept", () => {
  const many = Array.from({ length: 50 }, (_, index) => event(50 - index, 50 - index));
  expect(withNewest(many, event(99, 99)).length).toBe(50);
});

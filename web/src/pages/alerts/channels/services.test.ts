import { expect, it } from "vitest";

import { channelId } from "./services";

it.each([
  ["My phone", [], "my-phone"],
  ["My phone", ["my-phone", "my-phone-2"], "my-phone-3"],
  ["值班群", [], "channel"],
  ["--Büro--", [], "bu-ro"],
])("makes of %j beside %j the id %s", (name, taken, expected) => expect(channelId(name, taken)).toBe(expected));

import { expect, it } from "vitest";

import { partsOf } from "./dropWords";

it.each([
  ["load", { output: "", number: null, why: "load" }],
  ["recorder.queue", { output: "recorder", number: null, why: "queue" }],
  ["restream.0.offline", { output: "restream", number: 1, why: "offline" }],
])("takes %s apart", (reason, parts) => expect(partsOf(reason)).toEqual(parts));

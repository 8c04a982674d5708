import { beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, nextTick, ref } from "vue";

let details: typeof import("./details");
let told: (readonly string[])[];

beforeEach(async () => {
  vi.resetModules();
  details = await import("./details");
  told = [];
  details.onDetails(() => told.push(details.detailsMessage().camera_ids));
});

describe("details", () => {
  it("are asked for while somebody shows the camera", () => {
    const scope = effectScope();
    scope.run(() => details.useDetails(() => "door"));
    scope.stop();
    expect(told).toEqual([["door"], []]);
  });

  it("are asked for as long as the camera is in sight", async () => {
    const id = ref<string | null>(null);
    effectScope().run(() => details.useDetails(() => id.value));
    id.value = "door";
    await nextTick();
    id.value = null;
    await nextTick();
    expect(told).toEqual([["door"], []]);
  });

  it("follow to another camera in one message", async () => {
    const id = ref("door");
    effectScope().run(() => details.useDetails(() => id.value));
    id.value = "yard";
    await nextTick();
    expect(told).toEqual([["door"], ["yard"]]);
  });

  it("of a camera that two show end with the last of them", () => {
    const [one, two] = [effectScope(), effectScope()];
    for (const scope of [one, two]) scope.run(() => details.useDetails(() => "door"));
    one.stop();
    expect(told).toEqual([["door"]]);
    two.stop();
    expect(told.at(-1)).toEqual([]);
  });
});

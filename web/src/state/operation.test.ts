import { afterEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "../api/client";
import { toasts } from "../ui/feedback";
import { useOperation } from "./operation";

const refused = new ApiError("camera.exists", 409, "Taken", "Choose another");

afterEach(() => {
  toasts.value = [];
});

describe("an operation", () => {
  it("is pending until it is done, and says so", async () => {
    const restart = useOperation(async (id: string) => id, { success: (id) => `${id} restarts` });
    const running = restart.run("front");
    expect([restart.pending.value, restart.done.value]).toEqual([true, false]);
    expect(await running).toBe("front");
    expect([restart.pending.value, restart.done.value]).toEqual([false, true]);
    expect(toasts.value.map((toast) => toast.text)).toEqual(["front restarts"]);
  });

  it("keeps its failure until the next try", async () => {
    let works = false;
    const save = useOperation(async () => {
      if (!works) throw refused;
    });
    expect(await save.run()).toBeNull();
    expect([save.failure.value, save.done.value, save.pending.value]).toEqual([refused, false, false]);
    works = true;
    await save.run();
    expect([save.failure.value, save.done.value]).toEqual([null, true]);
  });

  it("runs once at a time", async () => {
    const action = vi.fn(async () => "done");
    const save = useOperation(action);
    expect(await Promise.all([save.run(), save.run()])).toEqual(["done", null]);
    expect(action).toHaveBeenCalledTimes(1);
  });

  it("that breaks by our own fault says so, and tells the browser's console", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const save = useOperation(async () => {
      throw new TypeError("x is undefined");
    });
    await save.run();
    expect(save.failure.value).toMatchObject({ code: "unexpected", detail: "TypeError: x is undefined" });
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
  });

  it("that was given up on purpose has not failed", async () => {
    const look = useOperation(async () => {
      throw new ApiError("aborted", 0, "", "");
    });
    await look.run();
    expect([look.failure.value, look.done.value]).toEqual([null, false]);
  });
});

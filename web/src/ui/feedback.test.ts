import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { confirmAction, dismiss, notifyFailure, notifySuccess, question, toasts } from "./feedback";

beforeEach(() => {
  vi.useFakeTimers();
  toasts.value = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a notice", () => {
  it("goes by itself, a failure later than a success", () => {
    notifySuccess("Saved");
    notifyFailure({ code: "network", title: "No answer", hint: "Look at the cable", detail: "" });
    vi.advanceTimersByTime(5_000);
    expect(toasts.value.map((toast) => toast.text)).toEqual(["No answer"]);
    vi.advanceTimersByTime(8_000);
    expect(toasts.value).toEqual([]);
  });

  it("can be dismissed", () => {
    notifySuccess("Saved");
    dismiss(toasts.value[0]?.id ?? -1);
    expect(toasts.value).toEqual([]);
  });

  it("pushes out the oldest of too many", () => {
    for (const text of ["a", "b", "c", "d", "e"]) notifySuccess(text);
    expect(toasts.value.map((toast) => toast.text)).toEqual(["b", "c", "d", "e"]);
  });
});

describe("a question", () => {
  const asked = { title: "Delete?", text: "It is gone then.", yes: "Delete" };

  it.each([true, false])("brings the answer %s and closes", async (yes) => {
    const answer = confirmAction(asked);
    question.value?.answer(yes);
    expect(await answer).toBe(yes);
    expect(question.value).toBeNull();
  });

  it("that comes upon another takes that one as refused", async () => {
    const first = confirmAction(asked);
    const second = confirmAction({ ...asked, title: "Restart?" });
    expect(await first).toBe(false);
    expect(question.value?.title).toBe("Restart?");
    question.value?.answer(true);
    expect(await second).toBe(true);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, nextTick, ref, type EffectScope } from "vue";

import { useTopic } from "./topic";

class Socket {
  static all: Socket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly url: string) {
    Socket.all.push(this);
  }

  close(): void {
    this.closed = true;
  }
}

let scope: EffectScope;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("location", { href: "http://popcam.test/monitor", protocol: "http:" });
  Socket.all = [];
  scope = effectScope();
});

afterEach(() => {
  scope.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function follow(wanted = ref(true)) {
  const heard: unknown[] = [];
  const opened = vi.fn();
  const topic = scope.run(() => useTopic("recovery", () => wanted.value, (item) => heard.push(item), opened));
  return { heard, opened, wanted, topic };
}

describe("a topic", () => {
  it("says when it is told from now on: the first time too, as news may have come since the page was read", () => {
    const { opened, topic } = follow();
    expect([opened.mock.calls.length, topic?.standing.value]).toEqual([0, false]);
    Socket.all[0]?.onopen?.();
    expect([opened.mock.calls.length, topic?.standing.value]).toEqual([1, true]);
    Socket.all[0]?.onclose?.();
    expect(topic?.standing.value).toBe(false);
    vi.advanceTimersByTime(60_000);
    Socket.all[1]?.onopen?.();
    expect(opened).toHaveBeenCalledTimes(2);
  });

  it("hands on its own items alone", () => {
    const { heard } = follow();
    for (const message of [{ type: "recovery", item: 1 }, { type: "audit", item: 2 }, { type: "recovery" }]) Socket.all[0]?.onmessage?.({ data: JSON.stringify(message) });
    expect(heard).toEqual([1]);
    expect(Socket.all[0]?.url).toBe("ws://popcam.test/api/v1/live?topics=recovery");
  });

  it("ends when it is not wanted any more, and with its page", async () => {
    const { wanted } = follow(ref(false));
    expect(Socket.all).toEqual([]);
    wanted.value = true;
    await nextTick();
    wanted.value = false;
    await nextTick();
    expect(Socket.all.map(({ closed }) => closed)).toEqual([true]);
    wanted.value = true;
    await nextTick();
    scope.stop();
    vi.advanceTimersByTime(60_000);
    expect(Socket.all.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

import { onScopeDispose, shallowRef, watch } from "vue";

import { getJson } from "../../api/client";
import type { CheckChangeOut } from "../../api/health";

export const HISTORY_S = 86_400;
/** A page of hundreds of checks must not ask for all of their histories at once. */
const AT_ONCE = 4;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

export const checkPath = (checkId: string) => `/api/v1/monitoring/health/${encodeURIComponent(checkId)}`;

/** What changed of a check within the last day: asked for once the check is `seen`, and again with each change (`version`). */
export function useHistory(checkId: () => string, seen: () => boolean, version: () => unknown) {
  const changes = shallowRef<readonly CheckChangeOut[] | null>(null);
  const ended = new AbortController();
  let known: unknown = Symbol("nothing");

  async function read(): Promise<void> {
    known = version();
    try {
      const since = Math.floor(Date.now() / 1000 - HISTORY_S);
      const { items } = await inTurn(() => getJson<{ readonly items: readonly CheckChangeOut[] }>(`${checkPath(checkId())}/changes?since=${String(since)}`, { signal: ended.signal }));
      changes.value = items;
    } catch {
      // The bar then shows what is known from the check itself; the page says by itself when the server is away.
      known = Symbol("nothing");
    }
  }

  watch([seen, version], () => {
    if (seen() && known !== version()) void read();
  }, { immediate: true });
  onScopeDispose(() => ended.abort());
  return changes;
}

import { onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import { getJson } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { LogLine, LogPage } from "../../api/logs";
import type { Failure } from "../../i18n/failure";
import { retryDelayMs } from "../../live/backoff";
import { webSocketUrl } from "../../live/socket";
import { parametersOf, type LogFilter } from "./filter";
import { caughtUp, EMPTY, newestOf, withNew, withOlder, type Tail } from "./tail";

const PAGE = 300;
/** A search that takes long stops in between; it goes on by itself until there is something to show. */
const MOST_EMPTY_PAGES = 20;
const TIMEOUT_MS = 30_000;

interface News {
  readonly type: string;
  readonly items: readonly LogLine[];
  readonly missed: number;
}

/** The logs of all processes that fit a filter: the newest first, then live. While `following` is false, new lines wait. */
export function useLogs(filter: Readonly<Ref<LogFilter>>) {
  const tail = shallowRef<Tail>(EMPTY);
  const processes = shallowRef<readonly string[]>([]);
  const next = ref<number | null>(null);
  const loading = ref(false);
  const loaded = ref(false);
  const following = ref(true);
  const standing = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let request = new AbortController();
  let socket: WebSocket | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  async function read(before: number | null): Promise<void> {
    const mine = request;
    loading.value = true;
    failure.value = null;
    try {
      let from = before;
      for (let pages = 0; pages < MOST_EMPTY_PAGES; pages += 1) {
        const parameters = parametersOf(filter.value);
        parameters.set("limit", String(PAGE));
        if (from !== null) parameters.set("before", String(from));
        const page = await getJson<LogPage>(`/api/v1/logs?${parameters.toString()}`, { signal: mine.signal, timeoutMs: TIMEOUT_MS });
        if (mine !== request) return;
        tail.value = withOlder(tail.value, page.items);
        if (page.processes.length > 0) processes.value = page.processes;
        from = next.value = page.next_before;
        if (page.items.length > 0 || from === null) break;
      }
      loaded.value = true;
    } catch (error) {
      if (mine === request) failure.value = failureOf(error);
    } finally {
      if (mine === request) loading.value = false;
    }
  }

  function connect(): void {
    const parameters = parametersOf(filter.value);
    const since = newestOf(tail.value);
    if (since !== null) parameters.set("since", String(since));
    socket = new WebSocket(webSocketUrl(`/api/v1/logs/live?${parameters.toString()}`));
    socket.onopen = () => {
      standing.value = true;
      failures = 0;
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      const { type, items, missed } = JSON.parse(event.data) as News;
      if (type === "logs") tail.value = withNew(tail.value, items, missed, following.value);
    };
    socket.onclose = () => {
      standing.value = false;
      failures += 1;
      retry = setTimeout(connect, retryDelayMs(failures));
    };
  }

  function disconnect(): void {
    clearTimeout(retry);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    socket = null;
    standing.value = false;
  }

  async function reload(): Promise<void> {
    request.abort();
    disconnect();
    request = new AbortController();
    const mine = request;
    tail.value = EMPTY;
    next.value = null;
    loaded.value = false;
    await read(null);
    if (mine === request && !mine.signal.aborted && loaded.value) connect();
  }

  watch(filter, () => void reload(), { immediate: true });
  watch(following, (now) => {
    if (now) tail.value = caughtUp(tail.value);
  });
  onScopeDispose(() => {
    request.abort();
    disconnect();
  });
  return { tail, processes, loading, loaded, following, standing, failure, next, more: () => void (loading.value ? undefined : read(next.value)), reload };
}

import { onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import { getJson } from "../api/client";
import { failureOf } from "../api/failing";
import type { MetricsOut } from "../api/figures";
import type { Failure } from "../i18n/failure";
import { retryDelayMs } from "../live/backoff";
import { webSocketUrl } from "../live/socket";
import { growth, historyPath, isOf, keyOf, type SeriesId } from "./figures";
import { append, emptyTable, joined, reseries, trim, type History, type Table } from "./table";

/** What one chart shows: all series of these. */
export interface Wanted {
  readonly key: string;
  readonly series: readonly SeriesId[];
}

/** What is shown of it. The table changes in place; `version` tells when. */
export interface Filled {
  readonly series: readonly SeriesId[];
  readonly table: Table;
}

/** Which time is shown: the last seconds, going on (`live`), the last seconds as they were, or a piece of the past. */
export interface Shown {
  readonly live: boolean;
  /** How far back from now; 0 where `from` and `until` say it. */
  readonly backS: number;
  readonly from: number;
  readonly until: number;
}

export function spanOf({ backS, from, until }: Shown, nowUnixS: number): { readonly from: number; readonly until: number } {
  return backS > 0 ? { from: nowUnixS - backS, until: nowUnixS } : { from, until };
}

const MOST_POINTS = 900;
/** Requests at a time; a page of charts has dozens of series. */
const AT_ONCE = 6;
const MOST_SERIES = 24;
const METRICS = "/api/v1/monitoring/metrics";
/** Until the server has said it. */
const KEPT_DAYS = 30;

interface Now {
  readonly kinds: ReadonlyMap<string, string>;
  readonly found: ReadonlyMap<string, readonly SeriesId[]>;
}

/** Keeps several charts filled.
 *
 * @param wanted the charts.
 * @param shown which time; another one is read anew.
 * @param hz how often a second live values come.
 */
export function useFigures(wanted: readonly Wanted[], shown: () => Shown, hz: () => number) {
  const filled = shallowRef<ReadonlyMap<string, Filled>>(new Map());
  const version = ref(0);
  const loading = ref(false);
  const failure = shallowRef<Failure | null>(null);
  const standing = ref(false);
  const keptDays = ref(KEPT_DAYS);
  let reading = new AbortController();

  /** Which of the wanted figures this server has, and their series. Two small answers: with all series, that of a thousand cameras
   * holds tens of thousands; a name that the server does not know would fail the request. */
  async function seriesNow(signal: AbortSignal): Promise<Now> {
    const names = [...new Set(wanted.flatMap(({ series }) => series.map(({ name }) => name)))];
    const there = await getJson<MetricsOut>(`${METRICS}?series=false`, { signal });
    const kinds = new Map(there.metrics.map(({ name, kind }) => [name, kind]));
    keptDays.value = there.keep_days;
    const asked = new URLSearchParams(names.filter((name) => kinds.has(name)).map((name) => ["name", name]));
    const { metrics } = asked.size === 0 ? { metrics: [] } : await getJson<MetricsOut>(`${METRICS}?${asked.toString()}`, { signal });
    const all = metrics.flatMap(({ name, series }) => series.map(({ labels }): SeriesId => ({ name, labels })));
    const found = wanted.map(({ key, series }) => [key, series.flatMap((one) => all.filter((other) => isOf(other, one))).slice(0, MOST_SERIES)] as const);
    return { kinds, found: new Map(found) };
  }

  async function read(): Promise<void> {
    reading.abort();
    const mine = (reading = new AbortController());
    stop();
    loading.value = true;
    try {
      const { kinds, found } = await seriesNow(mine.signal);
      const { from, until } = spanOf(shown(), Date.now() / 1000);
      const pairs = await inTurns([...found], AT_ONCE, async ([key, series]) => {
        const histories = await Promise.all(series.map((one) => getJson<History>(historyPath(one, from, until, MOST_POINTS), { signal: mine.signal })));
        return [key, { series, table: joined(histories) }] as const;
      });
      if (mine !== reading) return;
      filled.value = new Map(pairs);
      version.value += 1;
      failure.value = null;
      if (shown().live) connect(wanted.flatMap(({ series }) => series).filter(({ name }) => kinds.has(name)), kinds);
    } catch (error) {
      if (mine === reading) failure.value = failureOf(error);
    } finally {
      if (mine === reading) loading.value = false;
    }
  }

  let socket: WebSocket | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  function connect(series: readonly SeriesId[], kinds: ReadonlyMap<string, string>): void {
    const asked = [...new Set(series.map(keyOf))];
    const parameters = new URLSearchParams({ hz: String(hz()) });
    for (const one of asked) parameters.append("series", one);
    const mine = (socket = new WebSocket(webSocketUrl(`/api/v1/monitoring/live?${parameters.toString()}`)));
    const hearing = hearer(kinds);
    mine.onopen = () => {
      standing.value = true;
      failures = 0;
    };
    mine.onmessage = (event: MessageEvent<string>) => hearing(JSON.parse(event.data) as LiveMessage);
    mine.onclose = () => {
      standing.value = false;
      failures += 1;
      // What was measured meanwhile is read with the rest.
      retry = setTimeout(() => void read(), retryDelayMs(failures));
    };
  }

  /** Takes what the server tells of one connection. */
  function hearer(kinds: ReadonlyMap<string, string>) {
    let told: readonly SeriesId[] = [];
    const before = new Map<string, { time: number; value: number | null }>();
    return (message: LiveMessage) => {
      if (message.type === "series") {
        told = message.series;
        meet(told);
      } else if (message.type === "values") {
        take(message.at_unix_s, new Map(told.map((series, index) => [keyOf(series), drawn(series, message.at_unix_s, message.values[index] ?? null)])));
      }
    };

    /** Counters are drawn as their growth. */
    function drawn(series: SeriesId, time: number, value: number | null): number | null {
      if (kinds.get(series.name) !== "counter") return value;
      const key = keyOf(series);
      const grown = growth(before.get(key), time, value);
      before.set(key, { time, value });
      return grown;
    }
  }

  /** Series came or went. */
  function meet(told: readonly SeriesId[]): void {
    const now = new Map<string, Filled>();
    for (const { key, series: asked } of wanted) {
      const old = filled.value.get(key) ?? { series: [], table: emptyTable(0) };
      const series = asked.flatMap((one) => told.filter((there) => isOf(there, one))).slice(0, MOST_SERIES);
      const same = series.length === old.series.length && series.every((one, index) => keyOf(one) === keyOf(old.series[index] ?? one));
      now.set(key, same ? old : { series, table: reseries(old.table, old.series.map(keyOf), series.map(keyOf)) });
    }
    filled.value = now;
  }

  function take(time: number, values: ReadonlyMap<string, number | null>): void {
    const since = time - shown().backS * 1.1;
    for (const { series, table } of filled.value.values()) {
      append(table, time, series.map((one) => values.get(keyOf(one)) ?? null));
      trim(table, since);
    }
    version.value += 1;
  }

  function stop(): void {
    clearTimeout(retry);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    socket = null;
    standing.value = false;
  }

  watch([shown, hz], () => void read(), { immediate: true });
  onScopeDispose(() => {
    reading.abort();
    stop();
  });
  return { filled, version, loading, failure, standing, keptDays, reload: read } as const;
}

export type Figures = ReturnType<typeof useFigures>;
export type FilledCharts = Readonly<Ref<ReadonlyMap<string, Filled>>>;

type LiveMessage =
  | { readonly type: "series"; readonly series: readonly SeriesId[]; readonly left_out: number }
  | { readonly type: "values"; readonly at_unix_s: number; readonly values: readonly (number | null)[] }
  | { readonly type: "pong" };

async function inTurns<Item, Result>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let begin = 0; begin < items.length; begin += atOnce) results.push(...(await Promise.all(items.slice(begin, begin + atOnce).map(work))));
  return results;
}

import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import { getJson } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { EventPage, HappenedEvent } from "../../api/types";
import type { Failure } from "../../i18n/failure";
import { events as told, reachable } from "../../state/store";
import { matches, parametersOf, type EventFilter } from "./filter";
import { firstPage, NOTHING, olderParameters, withNewest, withNews, withOlder, type Listed } from "./paging";

/** A page that stays open for days must not grow without end. */
const MOST = 600;

const nowUnixS = () => Date.now() / 1000;

/** Events that match, newest first: read page by page, kept in step with what happens.
 *
 * @param pageSize events of one page.
 */
export function useEventList(filter: Readonly<Ref<EventFilter>>, pageSize: number) {
  const listed = shallowRef<Listed>(NOTHING);
  const loading = ref(false);
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let request = new AbortController();

  /** Read a page, and take it over by `take` unless another filter was chosen meanwhile. */
  async function read(more: Record<string, string>, take: (page: EventPage) => Listed): Promise<void> {
    const mine = request;
    const parameters = parametersOf(filter.value, nowUnixS());
    for (const [name, value] of Object.entries({ ...more, limit: String(pageSize) })) parameters.set(name, value);
    loading.value = true;
    failure.value = null;
    try {
      const page = await getJson<EventPage>(`/api/v1/events?${parameters.toString()}`, { signal: mine.signal });
      if (mine !== request) return;
      listed.value = take(page);
      loaded.value = true;
      hear(told.value); // while the page was read
    } catch (error) {
      if (mine === request) failure.value = failureOf(error);
    } finally {
      if (mine === request) loading.value = false;
    }
  }

  function hear(news: readonly HappenedEvent[]): void {
    if (!loaded.value) return;
    listed.value = withNews(listed.value, news.filter((event) => matches(event, filter.value, nowUnixS())), Math.max(MOST, listed.value.items.length));
  }

  function reload(): void {
    request.abort();
    request = new AbortController();
    listed.value = NOTHING;
    loaded.value = false;
    void read({}, firstPage);
  }

  async function more(): Promise<void> {
    if (loading.value || !listed.value.older) return;
    await read(olderParameters(listed.value), (page) => withOlder(listed.value, page));
  }

  const retry = () => (loaded.value ? more() : reload());

  watch(filter, reload, { immediate: true });
  watch(told, hear);
  // What happened while the server could not be reached was not told.
  watch(reachable, (now) => {
    if (now && loaded.value) void read({}, (page) => withNewest(listed.value, page, MOST));
    else if (now && failure.value) reload();
  });
  onScopeDispose(() => request.abort());

  return {
    items: computed<readonly HappenedEvent[]>(() => listed.value.items),
    older: computed(() => listed.value.older),
    loading,
    loaded,
    failure,
    more,
    retry,
  };
}

export type EventListing = ReturnType<typeof useEventList>;

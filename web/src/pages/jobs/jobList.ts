import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import { getJson } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { Job, JobPage } from "../../api/jobs";
import type { Failure } from "../../i18n/failure";
import { goneJobs, jobsById } from "../../state/jobs";
import { reachable } from "../../state/store";
import { matches, parametersOf, type JobFilter } from "./filter";
import { NOTHING, withNewest, withNews, withPage, type Listed } from "./paging";

const nowUnixS = () => Date.now() / 1000;

/** Jobs that match, newest first: read page by page, kept in step with what the server tells. */
export function useJobList(filter: Readonly<Ref<JobFilter>>, pageSize: number) {
  const listed = shallowRef<Listed>(NOTHING);
  const loading = ref(false);
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let request = new AbortController();

  async function read(cursor: string | null, take: (page: JobPage) => Listed): Promise<void> {
    const mine = request;
    const parameters = parametersOf(filter.value, nowUnixS());
    parameters.set("limit", String(pageSize));
    if (cursor !== null) parameters.set("cursor", cursor);
    loading.value = true;
    failure.value = null;
    try {
      const page = await getJson<JobPage>(`/api/v1/jobs?${parameters.toString()}`, { signal: mine.signal });
      if (mine !== request) return;
      listed.value = take(page);
      loaded.value = true;
      hear(); // while the page was read
    } catch (error) {
      if (mine === request) failure.value = failureOf(error);
    } finally {
      if (mine === request) loading.value = false;
    }
  }

  function hear(): void {
    if (loaded.value) listed.value = withNews(listed.value, jobsById.value, goneJobs.value, (job) => matches(job, filter.value, nowUnixS()));
  }

  function reload(): void {
    request.abort();
    request = new AbortController();
    listed.value = NOTHING;
    loaded.value = false;
    void read(null, (page) => withPage(NOTHING, page));
  }

  async function more(): Promise<void> {
    const { cursor } = listed.value;
    if (loading.value || cursor === null) return;
    await read(cursor, (page) => withPage(listed.value, page));
  }

  watch(filter, reload, { immediate: true });
  watch([jobsById, goneJobs], hear);
  // What happened while the server could not be reached was not told.
  watch(reachable, (now) => {
    if (now && loaded.value) void read(null, (page) => withNewest(listed.value, page));
    else if (now && failure.value) reload();
  });
  onScopeDispose(() => request.abort());

  return {
    items: computed<readonly Job[]>(() => listed.value.items),
    older: computed(() => listed.value.cursor !== null),
    loading,
    loaded,
    failure,
    more,
    retry: () => (loaded.value ? more() : Promise.resolve(reload())),
  };
}

import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import { ApiError, getJson } from "../../../api/client";
import { failureOf } from "../../../api/failing";
import type { Job, JobDetail } from "../../../api/jobs";
import type { Failure } from "../../../i18n/failure";
import { goneJobs, jobsById } from "../../../state/jobs";
import { link, reachable } from "../../../state/store";
import { hasEnded } from "../describe";

const POLL_MS = 2_000;

/** One job, read once and then kept in step with what the server tells. */
export function useJob(id: Readonly<Ref<string>>) {
  const read = shallowRef<JobDetail | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const missing = ref(false);
  let request = new AbortController();

  async function reload(): Promise<void> {
    request.abort();
    const mine = (request = new AbortController());
    const told = () => jobsById.value.get(id.value);
    const before = told();
    try {
      const detail = await getJson<JobDetail>(`/api/v1/jobs/${encodeURIComponent(id.value)}`, { signal: mine.signal });
      if (mine !== request) return;
      [read.value, failure.value, missing.value] = [detail, null, false];
      const now = told();
      if (now && now !== before) know(now); // told while the answer was on its way, which may be older
    } catch (error) {
      if (mine !== request) return;
      missing.value = error instanceof ApiError && error.status === 404;
      failure.value = missing.value ? null : failureOf(error);
    }
  }

  /** What an action of this page led to: the news of it may take a moment. */
  function know(job: Job): void {
    if (read.value && job.job_id === read.value.job_id) read.value = { ...read.value, ...job };
  }

  watch(id, () => {
    read.value = null;
    void reload();
  }, { immediate: true });
  watch(() => jobsById.value.get(id.value), (job) => job && know(job));
  watch(reachable, (now) => now && void reload());
  // Where WebSockets do not pass nothing is told: the page asks.
  const polling = setInterval(() => {
    if (link.value === "polling" && read.value && !hasEnded(read.value)) void reload();
  }, POLL_MS);
  onScopeDispose(() => {
    clearInterval(polling);
    request.abort();
  });

  return { job: read, failure, gone: computed(() => missing.value || goneJobs.value.has(id.value)), reload, know };
}

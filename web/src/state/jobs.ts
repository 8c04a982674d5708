/** What the page knows of batch jobs: the newest of them, as the server tells their news. */
import { computed, shallowRef } from "vue";

import { getJson } from "../api/client";
import type { Job, JobPage } from "../api/jobs";

const MOST = 200;

/** The newest jobs by their id. Pages of older ones are read by who shows them. */
export const jobsById = shallowRef<ReadonlyMap<string, Job>>(new Map());
/** Deleted while this page was open. */
export const goneJobs = shallowRef<ReadonlySet<string>>(new Set());
/** How many are being worked on. */
export const running = computed(() => [...jobsById.value.values()].filter((job) => job.state === "running").length);

/** `error` says why they can't be told now. */
export function hearJobs({ jobs, error }: { readonly jobs: readonly Job[]; readonly error?: unknown }): void {
  if (error) return; // what is known stays; the pages that list jobs say why
  jobsById.value = new Map(jobs.map((job) => [job.job_id, job]));
}

export function hearJob(job: Job): void {
  jobsById.value = newest(new Map([...jobsById.value, [job.job_id, job]]));
}

export function hearGone(id: string): void {
  goneJobs.value = new Set([...goneJobs.value, id]);
  jobsById.value = new Map([...jobsById.value].filter(([known]) => known !== id));
}

/** Ask, where WebSockets do not pass. A server without jobs has none that could be missed. */
export async function refreshJobs(): Promise<void> {
  const page = await getJson<JobPage>("/api/v1/jobs?limit=50").catch(() => null);
  if (page) hearJobs({ jobs: page.items });
}

/** A page that is open for weeks must not grow without end; what runs is never forgotten. */
function newest(known: ReadonlyMap<string, Job>): ReadonlyMap<string, Job> {
  if (known.size <= MOST) return known;
  const sorted = [...known.values()].sort((a, b) => Number(b.state === "running") - Number(a.state === "running") || b.created_unix_s - a.created_unix_s);
  return new Map(sorted.slice(0, MOST).map((job) => [job.job_id, job]));
}

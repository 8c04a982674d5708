/** Which jobs a reader wants to see, and how the address says so. Pure. */
import type { Job, JobKind, JobState } from "../../api/jobs";

export const KINDS = ["hide_faces", "find_faces", "transcode", "index"] as const satisfies readonly JobKind[];
export const STATES = ["queued", "running", "succeeded", "partial", "failed", "cancelled"] as const satisfies readonly JobState[];
/** Times back from now, in seconds. */
const BACK_S = { day: 86_400, week: 604_800, month: 2_592_000 } as const;
export const RANGES = ["any", "day", "week", "month"] as const;
export type Range = (typeof RANGES)[number];

export interface JobFilter {
  readonly state: JobState | "";
  readonly kind: JobKind | "";
  readonly range: Range;
}

export const EVERYTHING: JobFilter = { state: "", kind: "", range: "any" };

/** The filter that an address asks for; what it can't mean is left out. */
export function filterOf(query: Readonly<Record<string, unknown>>): JobFilter {
  return {
    state: STATES.find((state) => state === query["state"]) ?? "",
    kind: KINDS.find((kind) => kind === query["kind"]) ?? "",
    range: RANGES.find((range) => range === query["range"]) ?? "any",
  };
}

/** What of the filter stands in the address: only what differs from showing everything. */
export function queryOf({ state, kind, range }: JobFilter): Record<string, string> {
  const shown = { state, kind, range: range === "any" ? "" : range };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== ""));
}

/** Parameters of `/api/v1/jobs`. */
export function parametersOf(filter: JobFilter, nowUnixS: number): URLSearchParams {
  const parameters = new URLSearchParams();
  const sinceUnixS = sinceOf(filter, nowUnixS);
  if (filter.state) parameters.set("state", filter.state);
  if (filter.kind) parameters.set("kind", filter.kind);
  if (sinceUnixS !== null) parameters.set("since", String(Math.floor(sinceUnixS)));
  return parameters;
}

/** Whether a job that was told just now belongs to what is shown. */
export function matches(job: Job, filter: JobFilter, nowUnixS: number): boolean {
  return (
    (filter.state === "" || job.state === filter.state) &&
    (filter.kind === "" || job.kind === filter.kind) &&
    job.created_unix_s >= (sinceOf(filter, nowUnixS) ?? 0)
  );
}

export function isEverything(filter: JobFilter): boolean {
  return Object.keys(queryOf(filter)).length === 0;
}

function sinceOf({ range }: JobFilter, nowUnixS: number): number | null {
  return range === "any" ? null : nowUnixS - BACK_S[range];
}

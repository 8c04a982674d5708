/** Which events a reader wants to see, and how the address says so. Pure. */
import type { HappenedEvent } from "../../api/types";

export const KINDS = [
  "face_appeared",
  "face_left",
  "motion_started",
  "motion_ended",
  "zone_entered",
  "zone_left",
  "line_crossed",
] as const satisfies readonly HappenedEvent["kind"][];
export type Kind = HappenedEvent["kind"];

/** Times back from now, in seconds. */
export const BACK_S = { hour: 3_600, day: 86_400, week: 604_800 } as const;
export const RANGES = ["any", "hour", "day", "week", "custom"] as const;
export type Range = (typeof RANGES)[number];

/** `from` and `to` are local times as `<input type="datetime-local">` writes them; they count for `custom` only. */
export interface EventFilter {
  readonly camera: string;
  readonly kind: Kind | "";
  readonly range: Range;
  readonly from: string;
  readonly to: string;
}

export const EVERYTHING: EventFilter = { camera: "", kind: "", range: "any", from: "", to: "" };

type Query = Readonly<Record<string, unknown>>;

/** The filter that an address asks for; what it can't mean is left out. */
export function filterOf(query: Query): EventFilter {
  const text = (name: string) => (typeof query[name] === "string" ? query[name] : "");
  const from = isTime(text("from")) ? text("from") : "";
  const to = isTime(text("to")) ? text("to") : "";
  const named = RANGES.find((range) => range === text("range"));
  return {
    camera: text("camera"),
    kind: KINDS.find((kind) => kind === text("kind")) ?? "",
    range: from || to ? "custom" : (named ?? "any"),
    from,
    to,
  };
}

/** What of the filter stands in the address: only what differs from showing everything. */
export function queryOf(filter: EventFilter): Record<string, string> {
  const { camera, kind, range, from, to } = filter;
  const shown = { camera, kind, range: range === "any" ? "" : range, ...(range === "custom" ? { from, to } : {}) };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== ""));
}

/** The bounds of the time in seconds since 1970; null where it is open. */
export function bounds(filter: EventFilter, nowUnixS: number): { sinceUnixS: number | null; untilUnixS: number | null } {
  switch (filter.range) {
    case "any":
      return { sinceUnixS: null, untilUnixS: null };
    case "custom":
      return { sinceUnixS: unixOf(filter.from), untilUnixS: unixOf(filter.to) };
    default:
      return { sinceUnixS: nowUnixS - BACK_S[filter.range], untilUnixS: null };
  }
}

/** Parameters of `/api/v1/events`. */
export function parametersOf(filter: EventFilter, nowUnixS: number): URLSearchParams {
  const { sinceUnixS, untilUnixS } = bounds(filter, nowUnixS);
  const parameters = new URLSearchParams();
  if (filter.camera) parameters.set("camera", filter.camera);
  if (filter.kind) parameters.set("kind", filter.kind);
  if (sinceUnixS !== null) parameters.set("since", String(sinceUnixS));
  if (untilUnixS !== null) parameters.set("until", String(untilUnixS));
  return parameters;
}

/** Whether an event that was told just now belongs to what is shown. */
export function matches(event: HappenedEvent, filter: EventFilter, nowUnixS: number): boolean {
  const { sinceUnixS, untilUnixS } = bounds(filter, nowUnixS);
  return (
    (filter.camera === "" || event.camera_id === filter.camera) &&
    (filter.kind === "" || event.kind === filter.kind) &&
    (sinceUnixS === null || event.started_unix_s >= sinceUnixS) &&
    (untilUnixS === null || event.started_unix_s < untilUnixS)
  );
}

export function isEverything(filter: EventFilter): boolean {
  return Object.keys(queryOf(filter)).length === 0;
}

function isTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text) && unixOf(text) !== null;
}

function unixOf(local: string): number | null {
  const ms = Date.parse(local);
  return Number.isNaN(ms) ? null : ms / 1000;
}

/** Which entries of the audit log a reader wants to see, and how the address says so. Pure. */
import { RESULTS, type AuditEntry } from "../../api/access";

/** Times back from now, in seconds. */
const BACK_S = { hour: 3_600, day: 86_400, week: 604_800 } as const;
export const RANGES = ["any", "hour", "day", "week", "custom"] as const;
type Range = (typeof RANGES)[number];

/** `action` may be an area, such as `camera`, or one action, such as `camera.start`. `from` and `to` are local times as
 * `<input type="datetime-local">` writes them; they count for `custom` only. */
export interface AuditFilter {
  readonly person: string;
  readonly on: string;
  readonly action: string;
  readonly result: AuditEntry["result"] | "";
  readonly range: Range;
  readonly from: string;
  readonly to: string;
}

export const EVERYTHING: AuditFilter = { person: "", on: "", action: "", result: "", range: "any", from: "", to: "" };

export function filterOf(query: Readonly<Record<string, unknown>>): AuditFilter {
  const text = (name: string) => (typeof query[name] === "string" ? query[name] : "");
  const [from, to] = [time(text("from")), time(text("to"))];
  return {
    person: text("person"),
    on: text("on"),
    action: text("action"),
    result: RESULTS.find((result) => result === text("result")) ?? "",
    range: from || to ? "custom" : (RANGES.find((range) => range === text("range")) ?? "any"),
    from,
    to,
  };
}

/** What of the filter stands in the address: only what differs from showing everything. */
export function queryOf({ range, from, to, ...rest }: AuditFilter): Record<string, string> {
  const shown = { ...rest, range: range === "any" ? "" : range, ...(range === "custom" ? { from, to } : {}) };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== ""));
}

export const isEverything = (filter: AuditFilter) => Object.keys(queryOf(filter)).length === 0;

/** What the server is asked, without the page. */
export function parametersOf(filter: AuditFilter, nowUnixS: number): URLSearchParams {
  const { since, until } = bounds(filter, nowUnixS);
  const asked = {
    actor: filter.person,
    object: filter.on,
    action: filter.action === "" || filter.action.includes(".") ? filter.action : `${filter.action}.*`,
    result: filter.result,
    since: since === null ? "" : String(since),
    until: until === null ? "" : String(until),
  };
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
}

/** Whether an entry that was just told belongs to what is shown. */
export function matches(entry: AuditEntry, filter: AuditFilter, nowUnixS: number): boolean {
  const { since, until } = bounds(filter, nowUnixS);
  const { person, on, action, result } = filter;
  return (
    (person === "" || entry.who.name === person) &&
    (on === "" || (on.endsWith("*") ? entry.on.startsWith(on.slice(0, -1)) : entry.on === on)) &&
    (action === "" || entry.action === action || entry.action.startsWith(`${action}.`)) &&
    (result === "" || entry.result === result) &&
    (since === null || entry.unix_s >= since) &&
    (until === null || entry.unix_s < until)
  );
}

function bounds(filter: AuditFilter, nowUnixS: number): { since: number | null; until: number | null } {
  if (filter.range === "any") return { since: null, until: null };
  if (filter.range === "custom") return { since: unixS(filter.from), until: unixS(filter.to) };
  return { since: nowUnixS - BACK_S[filter.range], until: null };
}

const unixS = (local: string) => (local === "" ? null : new Date(local).getTime() / 1000);
const time = (text: string) => (Number.isNaN(new Date(text).getTime()) ? "" : text);

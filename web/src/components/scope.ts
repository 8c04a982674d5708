/** Limits to cameras and groups, as people set and read them. Pure. */
import type { ScopeSpec } from "../api/access";

export const EVERYTHING: ScopeSpec = { cameras: null, groups: null };

export const isWhole = (scope: ScopeSpec) => scope.cameras === null && scope.groups === null;

/** With a camera or group put in or taken out. */
export function toggled(scope: ScopeSpec, part: "cameras" | "groups", name: string): ScopeSpec {
  const held = scope[part] ?? [];
  const now = held.includes(name) ? held.filter((other) => other !== name) : [...held, name];
  return { cameras: scope.cameras ?? [], groups: scope.groups ?? [], [part]: now };
}

/** What can be chosen: all that there is, and what was chosen before and is no longer there. */
export function choices(there: readonly string[], chosen: readonly string[] | null): readonly string[] {
  return [...there, ...(chosen ?? []).filter((name) => !there.includes(name))];
}

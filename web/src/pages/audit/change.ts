/** What changed between two JSON values, field by field. Pure. */

import type { AuditEntry } from "../../api/access";

export interface Change {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** Only what differs; deep objects are told by their path, such as `record.enabled`. Null: there was nothing. */
export function changesOf(before: unknown, after: unknown): readonly Change[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((field) => ({ field, before: old.get(field) ?? "", after: now.get(field) ?? "" }))
    .filter((change) => change.before !== change.after);
}

function flat(value: unknown, path = ""): Map<string, string> {
  if (value === null || value === undefined) return new Map(path === "" ? [] : [[path, "null"]]);
  if (typeof value !== "object" || Array.isArray(value)) return new Map([[path, JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flat(inner, path === "" ? key : `${path}.${key}`)]));
}

/** The name of what was made or changed, where the entry holds it. */
export function nameIn({ before, after }: Pick<AuditEntry, "before" | "after">): string | undefined {
  const named = [after, before].map((value) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)["name"] : undefined));
  return named.find((name) => typeof name === "string");
}

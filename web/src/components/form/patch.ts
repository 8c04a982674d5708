/** What a form changed, as the smallest JSON merge patch (RFC 7396), and changes of two people brought together. Pure. */
import { at, equal, isList, isObject, keyOf, type Json, type JsonObject, type Path } from "./json";
import type { SettingSchema } from "./schema";

/** What turns `before` into `after`: only what differs, lists as a whole. A value that is again the schema's default is
 * taken away (null), so that the file says no more than it must. */
export function mergePatch(before: JsonObject, after: JsonObject, schema: SettingSchema = {}): JsonObject {
  const patch: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now, inner] = [before[key], after[key], schema.properties?.[key]];
    if (equal(old, now)) continue;
    if (now === undefined || (inner?.default !== undefined && equal(now, inner.default))) patch[key] = null;
    else if (isObject(old) && isObject(now)) patch[key] = mergePatch(old, now, inner);
    else patch[key] = now;
  }
  return patch;
}

/** The places that differ, down to single values; lists count as one value. */
export function changedPaths(before: JsonObject, after: JsonObject, path: Path = []): readonly Path[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    if (equal(old, now)) return [];
    return isObject(old) && isObject(now) ? changedPaths(old, now, [...path, key]) : [[...path, key]];
  });
}

/** My changes on top of what somebody else saved meanwhile.
 *
 * Where only one of us changed something, that change holds; where both did, mine does. Entries of lists are told apart
 * by their names, and outlines without names by their corners, so that two people may each add a zone or a mask.
 */
export function onTop(base: JsonObject, theirs: JsonObject, mine: JsonObject): JsonObject {
  const keys = new Set([...Object.keys(theirs), ...Object.keys(mine)]);
  const entries = [...keys].map((key) => [key, joined(base[key], theirs[key], mine[key])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function joined(base: Json | undefined, theirs: Json | undefined, mine: Json | undefined): Json | undefined {
  if (equal(base, mine)) return theirs;
  if (equal(base, theirs)) return mine;
  if (isObject(theirs) && isObject(mine)) return onTop(isObject(base) ? base : {}, theirs, mine);
  const lists = entriesOf(base ?? [], theirs ?? [], mine ?? []);
  return lists ? joinedEntries(...lists) : mine;
}

type Entries = ReadonlyMap<string, Json>;

/** The entries of three lists, told apart in the same way; null when that can't be. */
function entriesOf(base: Json, theirs: Json, mine: Json): readonly [Entries, Entries, Entries] | null {
  for (const entries of [namedEntries, outlines]) {
    const [was, their, my] = [entries(base), entries(theirs), entries(mine)];
    if (was && their && my) return [was, their, my];
  }
  return null;
}

/** Outlines by what they are: one that was drawn anew is another one. Null when it is no list of lists of corners. */
function outlines(list: Json): Entries | null {
  if (!isList(list) || !list.every((item) => isList(item) && isList(item[0]))) return null;
  return new Map(list.map((item) => [JSON.stringify(item), item]));
}

/** Entries by name; null when they have none, or two have the same. */
function namedEntries(list: Json): Entries | null {
  if (!isList(list)) return null; // no list at all
  const entries = new Map<string, Json>();
  for (const item of list) {
    const name = isObject(item) ? item["name"] : undefined;
    if (!isObject(item) || typeof name !== "string" || entries.has(name)) return null;
    entries.set(name, item);
  }
  return entries;
}

function joinedEntries(base: Entries, theirs: Entries, mine: Entries): readonly Json[] {
  // My order, then what they added.
  const names = new Set([...mine.keys(), ...theirs.keys()]);
  return [...names].flatMap((name) => {
    const entry = joined(base.get(name), theirs.get(name), mine.get(name));
    return entry === undefined ? [] : [entry];
  });
}

/** One setting, or one named entry of a list, that somebody else changed, beside what I would make of it. */
export interface Difference {
  readonly key: string;
  /** The name of the entry, when it is about one of a list. */
  readonly entry: string | null;
  readonly before: Json;
  readonly theirs: Json;
  readonly mine: Json;
  /** We both changed it, to different values. */
  readonly clashes: boolean;
}

/** What somebody else changed since `base`: setting by setting, and entry by entry where entries have names. */
export function differences(base: JsonObject, theirs: JsonObject, mine: JsonObject): readonly Difference[] {
  return changedPaths(base, theirs).flatMap((path) => {
    const values = [base, theirs, mine].map((document) => at(document, path) ?? null) as [Json, Json, Json];
    const lists = entriesOf(values[0] ?? [], values[1] ?? [], values[2] ?? []);
    if (!lists) return [difference(keyOf(path), null, ...values)];
    const [was, their, my] = lists;
    const names = [...new Set([...was.keys(), ...their.keys()])];
    return names.flatMap((name, index) => {
      if (equal(was.get(name), their.get(name))) return [];
      // What has no name is told by its number.
      const entry = isList(was.get(name) ?? their.get(name)) ? String(index + 1) : name;
      return [difference(keyOf(path), entry, was.get(name) ?? null, their.get(name) ?? null, my.get(name) ?? null)];
    });
  });
}

function difference(key: string, entry: string | null, before: Json, theirs: Json, mine: Json): Difference {
  return { key, entry, before, theirs, mine, clashes: !equal(before, mine) && !equal(theirs, mine) };
}

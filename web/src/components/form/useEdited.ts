/** A document that is edited here and kept by the server, perhaps edited by somebody else at the same time. */
import { computed, shallowRef, type ComputedRef, type ShallowRef } from "vue";

import { ApiError } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { FieldProblem } from "../../api/types";
import type { Failure } from "../../i18n/failure";
import { at, equal, pathOf, withValue, type Json, type JsonObject, type Path } from "./json";
import { changedPaths, differences, mergePatch, onTop, type Difference } from "./patch";
import type { SettingSchema } from "./schema";

/** A document at one of its versions. */
export interface Edition {
  readonly document: JsonObject;
  readonly etag: string | null;
}

export interface Keeper {
  readonly read: () => Promise<Edition>;
  /** Save a merge patch on top of a version; an ApiError 412 says that it is no longer the newest. */
  readonly write: (patch: JsonObject, etag: string | null) => Promise<Edition>;
  readonly schema: () => SettingSchema;
}

/** What somebody else saved while we edited. */
export interface Conflict {
  readonly theirs: Edition;
  readonly differences: readonly Difference[];
}

/** What the server found wrong with a value; it holds as long as the value is still that one. */
interface Refusal {
  readonly path: Path;
  readonly reason: string;
  readonly value: Json | undefined;
}

export interface Edited {
  readonly base: Readonly<ShallowRef<JsonObject | null>>;
  readonly value: Readonly<ShallowRef<JsonObject | null>>;
  readonly loadFailure: Readonly<ShallowRef<Failure | null>>;
  readonly saving: Readonly<ShallowRef<boolean>>;
  readonly saveFailure: Readonly<ShallowRef<Failure | null>>;
  readonly refusals: ComputedRef<readonly { readonly path: Path; readonly reason: string }[]>;
  readonly conflict: Readonly<ShallowRef<Conflict | null>>;
  readonly changes: ComputedRef<readonly Path[]>;
  readonly dirty: ComputedRef<boolean>;
  readonly load: () => Promise<void>;
  readonly set: (path: Path, value: Json) => void;
  readonly replace: (value: JsonObject) => void;
  readonly discard: () => void;
  /** Save what changed. Gives what was changed, or null when it could not be saved. */
  readonly save: () => Promise<readonly Path[] | null>;
  /** After a conflict: give up my changes. */
  readonly takeTheirs: () => void;
  /** After a conflict: save my changes on top of theirs. */
  readonly saveOnTop: () => Promise<readonly Path[] | null>;
}

export function useEdited(keeper: Keeper): Edited {
  const base = shallowRef<JsonObject | null>(null);
  const value = shallowRef<JsonObject | null>(null);
  const loadFailure = shallowRef<Failure | null>(null);
  const saving = shallowRef(false);
  const saveFailure = shallowRef<Failure | null>(null);
  const told = shallowRef<readonly Refusal[]>([]);
  const conflict = shallowRef<Conflict | null>(null);
  let etag: string | null = null;

  const changes = computed(() => (base.value && value.value ? changedPaths(base.value, value.value) : []));
  const refusals = computed(() => told.value.filter(({ path, value: then }) => equal(at(value.value ?? {}, path), then)));

  function take(edition: Edition): void {
    base.value = edition.document;
    value.value = edition.document;
    etag = edition.etag;
    told.value = [];
    saveFailure.value = null;
    conflict.value = null;
  }

  async function load(): Promise<void> {
    loadFailure.value = null;
    try {
      take(await keeper.read());
    } catch (error) {
      loadFailure.value = failureOf(error);
    }
  }

  async function save(): Promise<readonly Path[] | null> {
    if (saving.value || !base.value || !value.value) return null;
    const [paths, sent] = [changes.value, value.value];
    saving.value = true;
    saveFailure.value = null;
    told.value = [];
    try {
      take(await keeper.write(mergePatch(base.value, sent, keeper.schema()), etag));
      return paths;
    } catch (error) {
      await refused(error, sent);
      return null;
    } finally {
      saving.value = false;
    }
  }

  async function refused(error: unknown, sent: JsonObject): Promise<void> {
    const problem = error instanceof ApiError ? error.problem : {};
    if (error instanceof ApiError && error.status === 412 && (await meet(problem.changes ?? [], sent))) return;
    saveFailure.value = failureOf(error);
    told.value = (problem.problems ?? []).map(({ key, reason }: FieldProblem) => {
      const path = pathOf(key);
      return { path, reason, value: at(sent, path) };
    });
  }

  /** Fetch what somebody else saved. False when it is gone, or can't be read: then the refusal itself is shown. */
  async function meet(toldChanges: readonly { key: string }[], mine: JsonObject): Promise<boolean> {
    try {
      const theirs = await keeper.read();
      const found = differences(base.value ?? {}, theirs.document, mine);
      // Another password looks the same behind its mask: only the server can tell that it was changed.
      const hidden = toldChanges.filter(({ key }) => !found.some((difference) => key.startsWith(difference.key)));
      const masked = hidden.map(({ key }) => ({ key, entry: null, before: "***", theirs: "***", mine: "***", clashes: false }));
      conflict.value = { theirs, differences: [...found, ...masked] };
      return true;
    } catch {
      return false;
    }
  }

  function saveOnTop(): Promise<readonly Path[] | null> {
    if (!conflict.value || !base.value || !value.value) return Promise.resolve(null);
    const { theirs } = conflict.value;
    const joined = onTop(base.value, theirs.document, value.value);
    take(theirs);
    value.value = joined;
    return save();
  }

  return {
    base, value, loadFailure, saving, saveFailure, refusals, conflict, changes, load, save, saveOnTop,
    dirty: computed(() => changes.value.length > 0),
    set: (path, now) => (value.value = withValue(value.value ?? {}, path, now) as JsonObject),
    replace: (now) => (value.value = now),
    discard: () => {
      value.value = base.value;
      told.value = [];
      saveFailure.value = null;
      conflict.value = null;
    },
    takeTheirs: () => conflict.value && take(conflict.value.theirs),
  };
}

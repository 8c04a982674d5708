/** The settings file's text as it is edited here: read, checked while it is typed, saved on top of what was read. */
import { computed, onScopeDispose, shallowRef, watch } from "vue";

import { ApiError, getVersioned, sendJson } from "../../../api/client";
import { failureOf } from "../../../api/failing";
import type { FieldProblem } from "../../../api/types";
import { useWords } from "../../../i18n";
import type { Failure } from "../../../i18n/failure";
import type { CheckedText, FieldChange, SavedSettings, SettingsText } from "../types";
import { mergeTexts } from "./mergeTexts";

const PATH = "/api/v1/settings/yaml";
const CHECK_AFTER_MS = 400;
/** Files with hundreds of cameras take a while to be read and checked. */
const TIMEOUT_MS = 30_000;

/** What somebody else saved while we edited. */
export interface TextConflict {
  readonly theirs: string;
  readonly etag: string | null;
  readonly changes: readonly FieldChange[];
  /** What they saved and what I changed together; null where both changed the same lines. */
  readonly together: string | null;
}

export function useYamlFile() {
  const { locale } = useWords();
  const base = shallowRef<string | null>(null);
  const text = shallowRef("");
  const path = shallowRef("");
  const problems = shallowRef<readonly FieldProblem[]>([]);
  const checking = shallowRef(false);
  const checkFailure = shallowRef<Failure | null>(null);
  const loadFailure = shallowRef<Failure | null>(null);
  const saveFailure = shallowRef<Failure | null>(null);
  const saving = shallowRef(false);
  const conflict = shallowRef<TextConflict | null>(null);
  const dirty = computed(() => base.value !== null && text.value !== base.value);
  let etag: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = new AbortController();
  let tookMs = 0;

  function take(now: string, version: string | null, found: readonly FieldProblem[]): void {
    stopChecking();
    base.value = now;
    text.value = now;
    etag = version;
    problems.value = found;
    saveFailure.value = null;
    conflict.value = null;
  }

  async function load(): Promise<void> {
    loadFailure.value = null;
    try {
      const { body, etag: version } = await getVersioned<SettingsText>(PATH, { timeoutMs: TIMEOUT_MS });
      path.value = body.path;
      take(body.text, version, body.problems);
    } catch (error) {
      loadFailure.value = failureOf(error);
    }
  }

  function edit(now: string): void {
    text.value = now;
    saveFailure.value = null;
    checkSoon();
  }

  function stopChecking(): void {
    clearTimeout(timer);
    asking.abort();
    checking.value = false;
  }

  function checkSoon(): void {
    stopChecking();
    checking.value = true;
    // A server that took long shall not be asked at every pause.
    timer = setTimeout(() => void check(), Math.max(CHECK_AFTER_MS, 2 * tookMs));
  }

  async function check(): Promise<void> {
    const mine = (asking = new AbortController());
    const beganMs = performance.now();
    try {
      const { body } = await sendJson<CheckedText>("POST", "/api/v1/settings/check", { text: text.value }, { signal: mine.signal, timeoutMs: TIMEOUT_MS });
      tookMs = performance.now() - beganMs;
      problems.value = body.problems;
      checkFailure.value = null;
    } catch (error) {
      if (mine === asking && !mine.signal.aborted) checkFailure.value = failureOf(error);
    } finally {
      if (mine === asking) checking.value = false;
    }
  }

  /** Save; what the server told, or null when it refused. */
  async function save(): Promise<SavedSettings | null> {
    if (saving.value) return null;
    stopChecking();
    saving.value = true;
    saveFailure.value = null;
    try {
      const { body } = await sendJson<SavedSettings>("PUT", PATH, { text: text.value }, { etag, timeoutMs: TIMEOUT_MS });
      await load();
      return body;
    } catch (error) {
      await refused(error);
      return null;
    } finally {
      saving.value = false;
    }
  }

  async function refused(error: unknown): Promise<void> {
    if (error instanceof ApiError && error.code === "config.changed" && (await meet(error.problem.changes ?? []))) return;
    if (error instanceof ApiError && error.code === "config.text_invalid") problems.value = error.problem.problems ?? [];
    saveFailure.value = failureOf(error);
  }

  /** Fetch what somebody else saved. False when it can't be read: then the refusal itself is shown. */
  async function meet(changes: readonly FieldChange[]): Promise<boolean> {
    try {
      const { body, etag: version } = await getVersioned<SettingsText>(PATH, { timeoutMs: TIMEOUT_MS });
      const together = mergeTexts(base.value ?? "", body.text, text.value);
      conflict.value = { theirs: body.text, etag: version, changes, together };
      return true;
    } catch {
      return false;
    }
  }

  /** After a conflict: my changes on top of what they saved. Where both changed the same lines it is my text as a whole. */
  function keepMine(): void {
    if (!conflict.value) return;
    const mine = conflict.value.together ?? text.value;
    take(conflict.value.theirs, conflict.value.etag, []);
    edit(mine);
  }

  function takeTheirs(): void {
    if (!conflict.value) return;
    take(conflict.value.theirs, conflict.value.etag, []);
    checkSoon();
  }

  // Reasons come in the reader's language.
  watch(locale, () => base.value !== null && checkSoon());
  onScopeDispose(stopChecking);

  return {
    base, text, path, problems, checking, checkFailure, loadFailure, saveFailure, saving, conflict, dirty,
    load, edit, save, keepMine, takeTheirs,
    discard: () => base.value !== null && edit(base.value),
  };
}

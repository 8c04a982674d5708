/** What the parts of the page share while one camera is being added. */
import { computed, inject, onScopeDispose, provide, reactive, ref, shallowRef, watch, type InjectionKey } from "vue";

import { ApiError, sendJson } from "../../api/client";
import type { CameraDetail, SourceTest } from "../../api/types";
import { useWords } from "../../i18n";
import { useOperation } from "../../state/operation";
import { camerasById } from "../../state/store";
import type { Finding } from "./address";
import { addressField, cameraOf, fieldOf, fieldOfCode, idFinding, newDraft, sourceFinding, sourceOf, suggestedName, type Field, type Kind } from "./draft";
import { freeId } from "./slug";

/** The server tries for 20 seconds at most. */
export const TEST_MOST_S = 20;
const TEST_TIMEOUT_MS = (TEST_MOST_S + 5) * 1_000;
const SAVE_TIMEOUT_MS = 20_000;

export function useAdding(kind: Kind, added: (camera: CameraDetail) => void) {
  const { t } = useWords();
  const draft = reactive(newDraft(kind));
  /** Problems of untouched fields are shown too, once somebody wanted to go on with them. */
  const loud = ref(false);
  /** What the server said about single fields, until they are changed. */
  const told = shallowRef<Partial<Record<Field, string>>>({});
  const tested = shallowRef<{ source: string; result: SourceTest | null } | null>(null);
  let trying: AbortController | null = null;

  const source = computed(() => JSON.stringify(sourceOf(draft)));
  const name = computed(() => {
    if (draft.name !== null) return draft.name.trim();
    const suggested = suggestedName(draft);
    if (suggested === null) return "";
    return "host" in suggested ? t("add.name.cameraAt", { host: suggested.host }) : suggested.text;
  });
  const nextId = computed(() => draft.id ?? freeId(name.value, (id) => camerasById.value.has(id)));

  const findings = computed<Partial<Record<Field, Finding>>>(() => {
    const found: Partial<Record<Field, Finding>> = {};
    const wrong = sourceFinding(draft);
    if (wrong) found[addressField(draft.kind)] = wrong;
    const id = draft.id === null ? null : idFinding(draft.id, (known) => camerasById.value.get(known)?.name);
    if (id) found.id = id;
    return found;
  });
  const problem = (field: Field): string | undefined => {
    const finding = findings.value[field];
    return finding ? t(finding.word, finding.values) : told.value[field];
  };

  const test = useOperation(async () => {
    const asked = source.value;
    trying = new AbortController();
    tested.value = null;
    try {
      const path = "/api/v1/sources/test?width=960";
      const { body } = await sendJson<SourceTest>("POST", path, JSON.parse(asked), { timeoutMs: TEST_TIMEOUT_MS, signal: trying.signal });
      tested.value = { source: asked, result: body };
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "aborted")) tested.value = { source: asked, result: null };
      throw error;
    }
  });
  const save = useOperation(
    async () => (await sendJson<CameraDetail>("POST", "/api/v1/cameras", cameraOf(draft, name.value), { timeoutMs: SAVE_TIMEOUT_MS })).body,
    { success: (camera) => t("add.saved", { name: camera.name }) },
  );

  async function tryIt(): Promise<void> {
    if (!ready([addressField(draft.kind)])) return;
    await test.run();
    // The reason stands where the picture would be, and that is where the reader looks: the focus stays.
    tell(test.failure.value);
  }

  async function add(): Promise<void> {
    if (!ready([addressField(draft.kind), "id"])) return;
    const camera = await save.run();
    if (camera) added(camera);
    else toFirst(tell(save.failure.value));
  }

  /** Whether nothing is known to be wrong with these fields; else the first that is wrong gets the focus. */
  function ready(fields: readonly Field[]): boolean {
    const wrong = fields.filter((field) => findings.value[field]);
    loud.value = true;
    toFirst(wrong);
    return wrong.length === 0;
  }

  /** Put what the server said to the fields that it is about. */
  function tell(failure: unknown): Field[] {
    if (!(failure instanceof ApiError)) return [];
    const byField: Partial<Record<Field, string>> = {};
    for (const wrong of failure.problem.problems ?? []) {
      const field = fieldOf(wrong.key, draft.kind);
      if (field) byField[field] ??= wrong.reason;
    }
    const field = fieldOfCode(failure.code, draft.kind);
    if (field) byField[field] ??= failure.title;
    told.value = byField;
    return Object.keys(byField) as Field[];
  }

  watch(source, () => {
    const { name: ofName, id: ofId } = told.value;
    told.value = { ...(ofName ? { name: ofName } : {}), ...(ofId ? { id: ofId } : {}) };
  });
  watch(() => [draft.name, draft.id], () => (told.value = {}));
  watch(() => draft.kind, () => {
    loud.value = false;
    // What a search found is looked for anew when the reader comes back to it.
    draft.stream = draft.subStream = null;
    cancel();
    test.forget();
    save.forget();
  });
  const cancel = () => trying?.abort();
  onScopeDispose(cancel);

  return {
    draft,
    loud,
    name,
    nextId,
    problem,
    findings,
    test,
    save,
    tryIt,
    add,
    cancel,
    told,
    /** The outcome of the newest try of just this source. */
    outcome: computed(() => (tested.value?.source === source.value ? tested.value : null)),
    /** There is an outcome, but of another source. */
    stale: computed(() => tested.value !== null && tested.value.source !== source.value),
  };
}

export type Adding = ReturnType<typeof useAdding>;
const ADDING: InjectionKey<Adding> = Symbol("adding");

export const shareAdding = (adding: Adding) => provide(ADDING, adding);

export function sharedAdding(): Adding {
  const adding = inject(ADDING);
  if (!adding) throw new Error("only inside AddPage");
  return adding;
}

function toFirst(fields: readonly Field[]): void {
  if (fields[0]) focusField(fields[0]);
}

/** Go to the control of a field, which may only just be coming onto the page. */
export function focusField(field: Field): void {
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>(`[data-field="${field}"] :is(input, select):not(:disabled)`)?.focus();
  });
}

/** What the parts of the page share while one job is being put together. */
import { computed, inject, onScopeDispose, provide, reactive, ref, shallowRef, watch, type InjectionKey } from "vue";

import { ApiError, sendJson } from "../../../api/client";
import { failureOf } from "../../../api/failing";
import type { Job, JobCheck, JobKind, JobSpec, Place } from "../../../api/jobs";
import { useWords } from "../../../i18n";
import type { Failure } from "../../../i18n/failure";
import { useOperation } from "../../../state/operation";
import { hearJob } from "../../../state/jobs";
import { BOUNDS, newDraft, specOf, wrongFields, type NumberField } from "./draft";
import { useUploads } from "./uploads";

/** Readers who type are not interrupted. */
const CHECK_AFTER_MS = 600;
/** Folders of ten thousand files are looked through. */
const TIMEOUT_MS = 60_000;

export function useMaking(kind: JobKind, made: (job: Job) => void) {
  const { t } = useWords();
  const draft = reactive(newDraft(kind));
  const uploads = useUploads();
  const taken = shallowRef<readonly Place[]>([]);
  const loud = ref(false);

  const inputs = computed(() => [...uploads.there.value.flatMap(({ upload }) => (upload ? [upload.input] : [])), ...taken.value.map(({ path }) => path)]);
  const wrong = computed(() => wrongFields(draft));
  const spec = computed<JobSpec | null>(() => (inputs.value.length === 0 || wrong.value.length > 0 ? null : specOf(draft, inputs.value)));

  const check = shallowRef<JobCheck | null>(null);
  const checkFailure = shallowRef<Failure | null>(null);
  const checking = ref(false);
  let asking: AbortController | null = null;
  let soon: ReturnType<typeof setTimeout> | undefined;

  async function askNow(): Promise<void> {
    asking?.abort();
    const mine = (asking = new AbortController());
    checking.value = true;
    try {
      const { body } = await sendJson<JobCheck>("POST", "/api/v1/jobs/check", spec.value, { signal: mine.signal, timeoutMs: TIMEOUT_MS });
      if (mine === asking) [check.value, checkFailure.value] = [body, null];
    } catch (error) {
      if (mine === asking) [check.value, checkFailure.value] = [null, failureOf(error)];
    } finally {
      if (mine === asking) checking.value = false;
    }
  }

  // The text decides: a computed object is a new one each time.
  const asked = computed(() => (uploads.pending.value ? "" : JSON.stringify(spec.value)));
  watch(asked, (text) => {
    clearTimeout(soon);
    asking?.abort();
    asking = null;
    [check.value, checkFailure.value] = [null, null];
    checking.value = text !== "" && text !== "null";
    if (checking.value) soon = setTimeout(() => void askNow(), CHECK_AFTER_MS);
  });
  onScopeDispose(() => {
    clearTimeout(soon);
    asking?.abort();
  });

  const start = useOperation(
    async () => (await sendJson<Job>("POST", "/api/v1/jobs", spec.value, { timeoutMs: TIMEOUT_MS })).body,
    { success: () => t("jobs.make.started") },
  );

  async function begin(): Promise<void> {
    loud.value = true;
    const [first] = wrong.value;
    if (first) return focusField(first);
    if (spec.value === null) return;
    const job = await start.run();
    if (!job) return;
    hearJob(job);
    made(job);
  }

  /** What is wrong with a field, in words. */
  function problem(field: NumberField | "include" | "exclude"): string | undefined {
    if (!wrong.value.includes(field)) return told(field);
    if (field === "include" || field === "exclude") return t("jobs.make.badPattern");
    const [min, max] = BOUNDS[field];
    return t("jobs.make.number", { min, max });
  }

  /** What the server said about the folder for the results. */
  function told(field: string): string | undefined {
    const failure = start.failure.value ?? checkFailure.value;
    if (field !== "output" || !(failure instanceof ApiError)) return undefined;
    return failure.code === "job.output_refused" ? failure.title : undefined;
  }

  const take = (place: Place) => {
    if (!taken.value.some(({ path }) => path === place.path)) taken.value = [...taken.value, place];
  };
  const drop = (path: string) => (taken.value = taken.value.filter((place) => place.path !== path));

  return {
    draft,
    uploads,
    taken,
    take,
    drop,
    loud,
    problem,
    outputProblem: computed(() => told("output")),
    check,
    checkFailure,
    checking,
    checkAgain: askNow,
    hasInputs: computed(() => inputs.value.length > 0),
    isWrong: computed(() => wrong.value.length > 0),
    /** With something wrong in the form the button leads there. */
    canStart: computed(() => inputs.value.length > 0 && !uploads.pending.value && (wrong.value.length > 0 || (check.value !== null && check.value.files > 0))),
    start,
    begin,
  };
}

export type Making = ReturnType<typeof useMaking>;
const MAKING: InjectionKey<Making> = Symbol("making");

export const shareMaking = (making: Making) => provide(MAKING, making);

export function sharedMaking(): Making {
  const making = inject(MAKING);
  if (!making) throw new Error("only inside NewJobPage");
  return making;
}

/** Go to a field; those of the finer settings may be folded away. */
function focusField(field: string): void {
  const element = document.querySelector<HTMLElement>(`[data-field="${field}"] input`);
  element?.closest("details")?.setAttribute("open", "");
  element?.focus();
}

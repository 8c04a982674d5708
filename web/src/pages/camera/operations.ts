import { computed, type ComputedRef } from "vue";
import { useRouter } from "vue-router";

import { ApiError, getJson, sendJson } from "../../api/client";
import type { Camera, CameraStatus, StartResult } from "../../api/types";
import { useWords } from "../../i18n";
import { isRecording } from "../../state/merge";
import { useOperation, type Operation } from "../../state/operation";
import { confirmAction } from "../../ui/feedback";

/** A camera that sleeps or answers slowly takes its time; the server itself stops waiting before that. */
const PATIENCE_MS = 40_000;

/** All that can be done to a camera, each with what it is doing, and why it failed. */
export function useCameraOperations(camera: ComputedRef<Camera>) {
  const { t } = useWords();
  const router = useRouter();
  const path = (rest = "") => `/api/v1/cameras/${encodeURIComponent(camera.value.id)}${rest}`;
  const name = () => ({ name: camera.value.name });
  const post = async <Body>(rest: string) => (await sendJson<Body>("POST", path(rest), undefined, { timeoutMs: PATIENCE_MS })).body;

  const start = useOperation(
    async () => {
      await raiseFault(await post<StartResult>("/start"), path("/status"));
    },
    { success: () => t("camera.op.started", name()) },
  );
  const restart = useOperation(
    async () => {
      await raiseFault(await post<StartResult>("/restart"), path("/status"));
    },
    { success: () => t("camera.op.restarted", name()) },
  );
  const stop = useOperation(() => post<StartResult>("/stop"), { success: () => t("camera.op.stopped", name()) });
  const activate = useOperation(() => post("/activate"), { success: () => t("camera.op.activated", name()) });
  const deactivate = useOperation(() => post("/deactivate"), { success: () => t("camera.op.deactivated", name()) });
  const autoStart = useOperation(
    async (wanted: boolean) => {
      await sendJson("PUT", path(`/auto-start?auto_start=${String(wanted)}`));
      return wanted;
    },
    { success: (wanted) => t(wanted ? "camera.op.autoStartOn" : "camera.op.autoStartOff", name()) },
  );
  const remove = useOperation(
    async () => {
      // Its name is gone with it.
      const { name: deleted } = camera.value;
      await sendJson("DELETE", path(), undefined, { timeoutMs: PATIENCE_MS });
      await router.push({ name: "wall" });
      return deleted;
    },
    { success: (deleted) => t("camera.op.deleted", { name: deleted }) },
  );

  const all: readonly Operation<never, unknown>[] = [start, restart, stop, activate, deactivate, autoStart, remove];
  const pending = computed(() => all.some((operation) => operation.pending.value));
  const failure = computed(() => all.find((operation) => operation.failure.value)?.failure.value ?? null);

  /** One at a time, and the reason why an earlier one failed goes away with the next try. */
  function begin<Args extends readonly unknown[]>(operation: Operation<Args, unknown>, ...args: Args): void {
    if (pending.value) return;
    for (const other of all) other.forget();
    void operation.run(...args);
  }

  async function askedToStop(title: "camera.ask.stopTitle" | "camera.ask.deactivateTitle", yes: string): Promise<boolean> {
    if (!isRecording(camera.value) || !camera.value.status.running) return true;
    return confirmAction({ title: t(title, name()), text: t("camera.ask.stopText"), yes });
  }

  return {
    pending,
    failure,
    busy: { start, restart, stop, activate, deactivate, autoStart, remove },
    start: () => begin(start),
    restart: () => begin(restart),
    stop: async () => {
      if (await askedToStop("camera.ask.stopTitle", t("camera.op.stop"))) begin(stop);
    },
    activate: () => begin(activate),
    deactivate: async () => {
      if (await askedToStop("camera.ask.deactivateTitle", t("camera.op.deactivate"))) begin(deactivate);
    },
    autoStart: (wanted: boolean) => begin(autoStart, wanted),
    remove: async () => {
      const question = { title: t("camera.ask.deleteTitle", name()), text: t("camera.ask.deleteText"), yes: t("camera.op.delete"), danger: true };
      if (await confirmAction(question)) begin(remove);
    },
  };
}

export type CameraDoings = ReturnType<typeof useCameraOperations>;

/** A camera may be started and show nothing: then the fault that it reports is what its reader has to know.
 *
 * @throws ApiError with that fault.
 */
async function raiseFault(result: StartResult, statusPath: string): Promise<void> {
  if (result.ok && result.error === "") return;
  const { last_error } = await getJson<CameraStatus>(statusPath);
  if (last_error) throw new ApiError(last_error.code, 0, last_error.title, last_error.hint, last_error.detail);
  if (!result.ok) throw new ApiError("http", 0, result.error, "", result.error);
}

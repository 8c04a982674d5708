import { inject, onScopeDispose, provide, shallowRef, watch, type ComputedRef, type InjectionKey } from "vue";

import { getVersioned } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { Camera, CameraDetail } from "../../api/types";
import type { Failure } from "../../i18n/failure";
import { reachable } from "../../state/store";

const KEY: InjectionKey<ComputedRef<Camera>> = Symbol("camera");

export function provideCamera(camera: ComputedRef<Camera>): void {
  provide(KEY, camera);
}

/** The camera of the page that this part belongs to. */
export function useCamera(): ComputedRef<Camera> {
  const camera = inject(KEY);
  if (!camera) throw new Error("not inside a camera's page");
  return camera;
}

/** The camera's settings as a whole, read anew when somebody changed them. */
export function useCameraDetail(camera: ComputedRef<Camera>) {
  const detail = shallowRef<CameraDetail | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let reading = new AbortController();

  async function read(): Promise<void> {
    reading.abort();
    reading = new AbortController();
    try {
      const path = `/api/v1/cameras/${encodeURIComponent(camera.value.id)}`;
      detail.value = (await getVersioned<CameraDetail>(path, { signal: reading.signal })).body;
      failure.value = null;
    } catch (error) {
      failure.value = failureOf(error) ?? failure.value;
    }
  }

  // States come with the same settings objects, changed settings with new ones.
  watch(() => camera.value.source, () => void read(), { immediate: true });
  watch(reachable, (now) => {
    if (now && failure.value) void read();
  });
  onScopeDispose(() => reading.abort());
  return { detail, failure, read };
}

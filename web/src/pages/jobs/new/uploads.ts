/** Files on their way to the server: a few at a time, each with its own progress and its own failure. */
import { computed, onScopeDispose, shallowReactive, shallowRef } from "vue";

import { sendJson } from "../../../api/client";
import { failureOf } from "../../../api/failing";
import type { Upload } from "../../../api/jobs";
import type { Failure } from "../../../i18n/failure";
import { isMedia } from "../media";
import { sendFile, type Sending } from "./sendFile";

/** Two fill a line; more only make each slower. */
const AT_ONCE = 2;
/** As many as a job takes. */
export const MOST_FILES = 10_000;
/** Speed is told over this time. */
const SPEED_OVER_MS = 4_000;

export interface Sent {
  readonly key: number;
  readonly file: File;
  state: "waiting" | "sending" | "there" | "failed";
  sentBytes: number;
  upload: Upload | null;
  failure: Failure | null;
  stop: AbortController | null;
}

type Send = (file: File, sending: Sending) => Promise<Upload>;

export function useUploads(send: Send = sendFile, forget: (upload: Upload) => void = forgetUpload) {
  const list = shallowRef<readonly Sent[]>([]);
  const ignored = shallowRef(0);
  const tooMany = shallowRef(false);
  const marks = shallowRef<readonly (readonly [atMs: number, bytes: number])[]>([]);
  let lastKey = 0;

  const there = computed(() => list.value.filter((sent) => sent.state === "there"));
  const failed = computed(() => list.value.filter((sent) => sent.state === "failed"));
  const pending = computed(() => list.value.some((sent) => sent.state === "waiting" || sent.state === "sending"));
  const sizeBytes = computed(() => list.value.reduce((sum, sent) => sum + sent.file.size, 0));
  const sentBytes = computed(() => list.value.reduce((sum, sent) => sum + (sent.state === "there" ? sent.file.size : sent.sentBytes), 0));
  const speed = computed(() => {
    const [first, last] = [marks.value[0], marks.value.at(-1)];
    if (!first || !last || last[0] - first[0] < 300) return null;
    return Math.max(0, ((last[1] - first[1]) * 1000) / (last[0] - first[0]));
  });

  function add(files: readonly File[]): void {
    const media = files.filter(isMedia);
    const fits = media.slice(0, MOST_FILES - list.value.length);
    ignored.value += files.length - media.length;
    tooMany.value = fits.length < media.length;
    const added = fits.map((file) => {
      lastKey += 1;
      return shallowReactive<Sent>({ key: lastKey, file, state: "waiting", sentBytes: 0, upload: null, failure: null, stop: null });
    });
    list.value = [...list.value, ...added];
    next();
  }

  function next(): void {
    const sending = list.value.filter((sent) => sent.state === "sending").length;
    if (sending === 0) marks.value = [];
    for (const sent of list.value.filter(({ state }) => state === "waiting").slice(0, AT_ONCE - sending)) void carry(sent);
  }

  async function carry(sent: Sent): Promise<void> {
    const stop = new AbortController();
    Object.assign(sent, { state: "sending", failure: null, sentBytes: 0, stop } satisfies Partial<Sent>);
    try {
      const progress = (bytes: number) => {
        // What is sent beyond the file is the request's own.
        sent.sentBytes = Math.min(bytes, sent.file.size);
        mark();
      };
      const upload = await send(sent.file, { progress, signal: stop.signal });
      if (list.value.includes(sent)) Object.assign(sent, { state: "there", upload } satisfies Partial<Sent>);
      else forget(upload);
    } catch (error) {
      Object.assign(sent, { state: "failed", sentBytes: 0, failure: failureOf(error) } satisfies Partial<Sent>);
    } finally {
      sent.stop = null;
      next();
    }
  }

  function mark(): void {
    const now = performance.now();
    const kept = marks.value.filter(([atMs]) => now - atMs < SPEED_OVER_MS);
    marks.value = [...kept, [now, sentBytes.value]];
  }

  function remove(sent: Sent): void {
    list.value = list.value.filter((one) => one !== sent);
    sent.stop?.abort();
    if (sent.upload) forget(sent.upload);
    if (list.value.length === 0) clear();
    next();
  }

  function clear(): void {
    const all = list.value;
    list.value = [];
    ignored.value = 0;
    tooMany.value = false;
    for (const sent of all) {
      sent.stop?.abort();
      if (sent.upload) forget(sent.upload);
    }
  }

  function again(sent: Sent): void {
    Object.assign(sent, { state: "waiting", failure: null } satisfies Partial<Sent>);
    next();
  }

  onScopeDispose(() => list.value.forEach((sent) => sent.stop?.abort()));

  return { list, ignored, tooMany, there, failed, pending, sizeBytes, sentBytes, speed, add, remove, clear, again };
}

export type Uploads = ReturnType<typeof useUploads>;

/** The server would tidy it away by itself; that this request may fail concerns nobody. */
function forgetUpload(upload: Upload): void {
  void sendJson("DELETE", `/api/v1/jobs/uploads/${encodeURIComponent(upload.upload_id)}`).catch(() => undefined);
}

/** How news from the server change what the page knows. Pure. */
import type { BriefCamera, BriefChange, Camera, CameraStatus, HappenedEvent, StatusMessage } from "../api/types";

/** The camera with its news put in. */
export function withNews(camera: Camera, news: StatusMessage): Camera {
  return { ...camera, wanted: news.wanted, status: news.status, pipeline: news.pipeline, recording: news.pipeline?.recording ?? false };
}

/** The camera with what changed of its state in brief: all of that, or only its figures. */
export function withBrief(camera: Camera, news: BriefChange): Camera {
  const { camera_id: id, recording = isRecording(camera), ...said } = news;
  return id === camera.id ? { ...camera, status: { ...camera.status, ...said }, recording } : camera;
}

/** A camera as states in brief tell it, with what is known of its inside from before. */
export function fromBrief(brief: BriefCamera, known?: Camera): Camera {
  const { recording, ...status } = brief.status;
  const inside = known?.status ?? { pid: null, log: "", bottleneck: "", drops: {}, restarts: 0 };
  return { ...brief, status: { ...inside, ...status }, pipeline: known?.pipeline ?? null, recording };
}

export function isRecording(camera: Camera): boolean {
  return camera.recording ?? camera.pipeline?.recording ?? false;
}

/** The old list while the new one holds the same in the same order: who follows it has nothing to do then. */
export function keepSame<Item>(old: readonly Item[] | undefined, now: readonly Item[]): readonly Item[] {
  return old?.length === now.length && now.every((item, index) => item === old[index]) ? old : now;
}

/** Newest first, each once (an event comes again when it ends), at most `most`. */
export function withEvent(events: readonly HappenedEvent[], event: HappenedEvent, most: number): readonly HappenedEvent[] {
  const others = events.filter((other) => other.id !== event.id);
  return [event, ...others].sort((a, b) => b.started_unix_s - a.started_unix_s).slice(0, most);
}

/** Whether the camera delivers pictures now, as far as the server knows. */
export function delivers(status: CameraStatus): boolean {
  return status.running && (status.state === "running" || status.state === "idle");
}

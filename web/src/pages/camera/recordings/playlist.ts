/** The recordings of a day, and which of them shows what time. Pure: times are arguments. */
import type { Recording } from "../../../api/types";

/** Files follow one another with a moment between them; a longer pause is one that people should see. */
const SEAM_S = 2;

export interface Span {
  readonly beginUnixS: number;
  readonly endUnixS: number;
}

/** Oldest first; what is known twice, by its start, is the newer word: a file gets another name when it is finished. */
export function merged(known: readonly Recording[], fresh: readonly Recording[]): Recording[] {
  const byStart = new Map([...known, ...fresh].map((recording) => [recording.started_unix_s, recording]));
  return [...byStart.values()].sort((a, b) => a.started_unix_s - b.started_unix_s);
}

/** When a recording ends. One that is being written ends now; one whose length a crash hid, at the latest where the next begins. */
export function endOf(list: readonly Recording[], index: number, nowUnixS: number): number {
  const recording = list[index];
  if (!recording) return nowUnixS;
  if (recording.duration_s !== null) return recording.started_unix_s + recording.duration_s;
  const next = list[index + 1]?.started_unix_s ?? nowUnixS;
  return Math.max(recording.started_unix_s, recording.finished ? Math.min(next, nowUnixS) : nowUnixS);
}

/** The recording that shows a time, or the first after it; null when there is none. */
export function recordingAt(list: readonly Recording[], unixS: number, nowUnixS: number): { recording: Recording; offsetS: number } | null {
  const index = list.findIndex((_, at) => endOf(list, at, nowUnixS) > unixS);
  const recording = list[index];
  if (!recording) return null;
  return { recording, offsetS: Math.max(0, unixS - recording.started_unix_s) };
}

/** Whether the time itself was recorded. */
export function shows(list: readonly Recording[], unixS: number, nowUnixS: number): boolean {
  const found = recordingAt(list, unixS, nowUnixS);
  return found !== null && found.recording.started_unix_s <= unixS;
}

export function after(list: readonly Recording[], recording: Recording): Recording | null {
  return list.find((other) => other.started_unix_s > recording.started_unix_s) ?? null;
}

export function before(list: readonly Recording[], recording: Recording): Recording | null {
  return list.findLast((other) => other.started_unix_s < recording.started_unix_s) ?? null;
}

/** What was recorded, in as few pieces as can be. */
export function spansOf(list: readonly Recording[], nowUnixS: number): Span[] {
  const spans: Span[] = [];
  list.forEach((recording, index) => {
    const span = { beginUnixS: recording.started_unix_s, endUnixS: endOf(list, index, nowUnixS) };
    const last = spans.at(-1);
    if (last && span.beginUnixS - last.endUnixS < SEAM_S) spans[spans.length - 1] = { ...last, endUnixS: Math.max(last.endUnixS, span.endUnixS) };
    else spans.push(span);
  });
  return spans;
}

/** By the hour in which they begin, newest hour and recording first. */
export function byHour(list: readonly Recording[]): { hourUnixS: number; recordings: Recording[] }[] {
  const hours = new Map<number, Recording[]>();
  for (const recording of list) {
    const hour = new Date(recording.started_unix_s * 1000).setMinutes(0, 0, 0) / 1000;
    hours.set(hour, [recording, ...(hours.get(hour) ?? [])]);
  }
  return [...hours].sort(([a], [b]) => b - a).map(([hourUnixS, recordings]) => ({ hourUnixS, recordings }));
}

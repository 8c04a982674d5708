/** How jobs are told: words, icons, tones. */
import type { ItemCounts, ItemState, Job, JobKind } from "../../api/jobs";
import type { IconName } from "../../components/icons";
import { formatFps, formatLength } from "../../format";
import { useWords } from "../../i18n";

export const KIND_ICON: Readonly<Record<JobKind, IconName>> = { hide_faces: "hidden", find_faces: "face", transcode: "convert", index: "search" };

export type Tone = "good" | "busy" | "bad" | "quiet";
export const TONE: Readonly<Record<ItemState, Tone>> = {
  queued: "quiet",
  running: "busy",
  succeeded: "good",
  partial: "busy",
  failed: "bad",
  cancelled: "quiet",
  skipped: "quiet",
};

/** States after which a job does nothing more by itself. */
export function hasEnded(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}

export function totalOf(counts: ItemCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Whether somebody gave it a name; else the server may call it by its kind. */
export function hasName({ name, kind }: Job): boolean {
  return name !== "" && name !== kind.replaceAll("_", " ");
}

/** Files that are through, however it went. */
export function throughOf(counts: ItemCounts): number {
  return totalOf(counts) - counts.queued - counts.running;
}

/** Hours and minutes that are left, as people say them: not to the second, which would only jump. */
export function leftOf(seconds: number): { readonly word: "seconds" | "minutes" | "hours"; readonly hours: number; readonly minutes: number } {
  if (seconds < 60) return { word: "seconds", hours: 0, minutes: 0 };
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return { word: "minutes", hours: 0, minutes };
  // Beyond an hour nobody needs single minutes.
  const tens = Math.round(minutes / 10) * 10;
  return { word: "hours", hours: Math.floor(tens / 60), minutes: tens % 60 };
}

/** The last part of a path, whichever way its separators lean. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

/** The same file as something to keep: under its own name, never shown in place of the page. */
export function downloadUrl(url: string): string {
  return `${url}?download=true`;
}

export function useJobWords() {
  const { t, locale } = useWords();
  return {
    nameOf: (job: Job): string => (hasName(job) ? job.name : t(`jobs.kind.${job.kind}`)),
    stageOf: (job: Job): string => {
      if (job.stage !== "") return t(`jobs.stage.${job.stage}`);
      return t(job.state === "queued" ? "jobs.stage.waiting" : `jobs.state.${job.state}`);
    },
    length: (seconds: number): string => {
      const { word, hours, minutes } = leftOf(seconds);
      return t(`jobs.length.${word}`, { hours, minutes });
    },
    speed: (fps: number): string => t("jobs.speed", { fps: formatFps(fps, locale.value) }),
    took: (job: Job): string =>
      job.started_unix_s === null || job.ended_unix_s === null ? "" : formatLength(job.ended_unix_s - job.started_unix_s),
    files: (counts: ItemCounts): string => t("jobs.count.files", { count: totalOf(counts), shown: new Intl.NumberFormat(locale.value).format(totalOf(counts)) }),
    /** What did not go as it should, in few words. */
    troubles: (counts: ItemCounts): string[] => [
      ...(counts.failed > 0 ? [t("jobs.count.failed", { count: counts.failed })] : []),
      ...(counts.partial > 0 ? [t("jobs.count.partial", { count: counts.partial })] : []),
    ],
    /** What was left out on purpose. */
    skipped: (counts: ItemCounts): string => (counts.skipped > 0 ? t("jobs.count.skipped", { count: counts.skipped }) : ""),
  };
}

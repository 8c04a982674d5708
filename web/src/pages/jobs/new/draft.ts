/** What a reader fills in for a job, what is wrong with it, and the job that it means. Pure. */
import type { Conflict, Detector, EncodePreset, HardwareEncode, HideStyle, JobKind, JobSpec, VideoCodec } from "../../../api/jobs";

export type QualityChoice = "high" | "good" | "small" | "own";
export type PriorityChoice = "high" | "normal" | "low";

/** Numbers are texts, as they are typed: in percent or seconds. */
export interface Draft {
  kind: JobKind;
  include: string;
  exclude: string;
  recursive: boolean;
  detector: Detector;
  smallest: string;
  score: string;
  style: HideStyle;
  margin: string;
  lead: string;
  hold: string;
  gap: string;
  codec: VideoCodec;
  quality: QualityChoice;
  crf: string;
  preset: EncodePreset;
  hardware: HardwareEncode;
  copy: boolean;
  photoQuality: string;
  name: string;
  output: string;
  conflict: Conflict;
  priority: PriorityChoice;
}

/** As the server's own defaults. */
export function newDraft(kind: JobKind): Draft {
  return {
    kind,
    include: "",
    exclude: "",
    recursive: true,
    detector: "yunet",
    smallest: "3",
    score: "",
    style: "blur",
    margin: "25",
    lead: "0.5",
    hold: "0.5",
    gap: "2",
    codec: "h264",
    quality: "good",
    crf: "20",
    preset: "veryfast",
    hardware: "none",
    copy: true,
    photoQuality: "95",
    name: "",
    output: "",
    conflict: "number",
    priority: "normal",
  };
}

export const PRESETS = ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] as const satisfies readonly EncodePreset[];
export const HARDWARE = ["none", "auto", "nvenc", "vaapi", "qsv", "videotoolbox", "amf"] as const satisfies readonly HardwareEncode[];
export const CONFLICTS = ["number", "skip", "replace", "fail"] as const satisfies readonly Conflict[];
export const PRIORITIES = { high: 8, normal: 5, low: 2 } as const satisfies Record<PriorityChoice, number>;
const CRF = { high: 18, good: 20, small: 28 } as const;

/** Bounds of the numbers, as they are typed. */
export const BOUNDS = {
  smallest: [0.1, 100],
  score: [0, 100],
  margin: [10, 200],
  lead: [0, 10],
  hold: [0, 10],
  gap: [0, 30],
  crf: [1, 51],
  photoQuality: [10, 100],
} as const;
export type NumberField = keyof typeof BOUNDS;
const WHOLE: ReadonlySet<NumberField> = new Set(["crf", "photoQuality"]);
const MOST_PATTERNS = 100;
const LONGEST_PATTERN = 256;

export const looksForFaces = (kind: JobKind): boolean => kind !== "transcode";
export const hidesFaces = (kind: JobKind): boolean => kind === "hide_faces";
export const writesMedia = (kind: JobKind): boolean => kind === "hide_faces" || kind === "transcode";

/** The number that was typed; null for what is none, or out of bounds. Commas count as points. */
export function numberOf(field: NumberField, text: string): number | null {
  const [least, most] = BOUNDS[field];
  const value = text.trim() === "" ? NaN : Number(text.trim().replace(",", "."));
  if (Number.isNaN(value) || value < least || value > most || (WHOLE.has(field) && !Number.isInteger(value))) return null;
  return value;
}

/** Number fields that count for this kind of job. */
export function numbersOf({ kind, quality }: Pick<Draft, "kind" | "quality">): NumberField[] {
  return [
    ...(looksForFaces(kind) ? (["smallest", "score"] as const) : []),
    ...(hidesFaces(kind) ? (["margin", "lead", "hold", "gap"] as const) : []),
    ...(writesMedia(kind) ? (quality === "own" ? (["crf", "photoQuality"] as const) : (["photoQuality"] as const)) : []),
  ];
}

/** Fields that can't be meant so. An empty least certainty is the detector's own. */
export function wrongFields(draft: Draft): (NumberField | "include" | "exclude")[] {
  const numbers = numbersOf(draft).filter((field) => !(field === "score" && draft.score.trim() === "") && numberOf(field, draft[field]) === null);
  return [...numbers, ...(["include", "exclude"] as const).filter((field) => !arePatterns(draft[field]))];
}

export function patternsOf(text: string): string[] {
  return text.split(/[,，\n]/).map((pattern) => pattern.trim()).filter(Boolean);
}

function arePatterns(text: string): boolean {
  const patterns = patternsOf(text);
  return patterns.length <= MOST_PATTERNS && patterns.every((pattern) => pattern.length <= LONGEST_PATTERN);
}

/** The job that is meant. Only what counts for its kind is said. */
export function specOf(draft: Draft, inputs: readonly string[]): JobSpec {
  const { kind } = draft;
  const [include, exclude] = [patternsOf(draft.include), patternsOf(draft.exclude)];
  const score = draft.score.trim() === "" ? null : percent(draft, "score");
  return {
    kind,
    inputs: [...inputs],
    name: draft.name.trim(),
    output_dir: draft.output.trim(),
    on_conflict: draft.conflict,
    priority: PRIORITIES[draft.priority],
    recursive: draft.recursive,
    ...(include.length > 0 ? { include } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(looksForFaces(kind) ? { find: { detector: draft.detector, min_score: score, smallest_face: percent(draft, "smallest") } } : {}),
    ...(hidesFaces(kind) ? { hide: hideOf(draft) } : {}),
    ...(writesMedia(kind) ? { encode: encodeOf(draft) } : {}),
  };
}

function hideOf(draft: Draft): NonNullable<JobSpec["hide"]> {
  return { style: draft.style, margin: percent(draft, "margin"), lead_s: typed(draft, "lead"), hold_s: typed(draft, "hold"), gap_s: typed(draft, "gap") };
}

function encodeOf(draft: Draft): NonNullable<JobSpec["encode"]> {
  return {
    codec: draft.codec,
    quality: draft.quality === "own" ? typed(draft, "crf") : CRF[draft.quality],
    preset: draft.preset,
    hardware: draft.hardware,
    // In a job that only encodes, nothing would be left to do.
    copy_untouched: hidesFaces(draft.kind) && draft.copy,
    photo_quality: typed(draft, "photoQuality"),
  };
}

function typed(draft: Draft, field: NumberField): number {
  return numberOf(field, draft[field]) ?? 0;
}

/** 3 % as 0.03, without the noise of binary fractions. */
function percent(draft: Draft, field: NumberField): number {
  return Number((typed(draft, field) / 100).toFixed(6));
}

/** What charts ask for, and how series are named. Pure. */

export interface SeriesId {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `popcam_http_seconds{quantile=0.5}`, as `/monitoring/live` takes and tests read it. */
export function keyOf({ name, labels }: SeriesId): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

/** Whether a series is one that was asked for: its name, and those labels that were named. */
export function isOf(series: SeriesId, wanted: SeriesId): boolean {
  return series.name === wanted.name && Object.entries(wanted.labels).every(([label, value]) => series.labels[label] === value);
}

export function historyPath({ name, labels }: SeriesId, since: number, until: number, points: number): string {
  const parameters = new URLSearchParams({ since: String(since), until: String(until), max_points: String(points) });
  for (const [label, value] of Object.entries(labels)) parameters.append("labels", `${label}:${value}`);
  return `/api/v1/monitoring/metrics/${encodeURIComponent(name)}/history?${parameters.toString()}`;
}

/** Growth per second of a counter between two moments; null when it began anew, or nothing is known. */
export function growth(before: { readonly time: number; readonly value: number | null } | undefined, time: number, value: number | null): number | null {
  if (!before || before.value === null || value === null || value < before.value || time <= before.time) return null;
  return (value - before.value) / (time - before.time);
}

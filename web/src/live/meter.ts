/** Rate, latency and lateness of shown pictures, over a sliding window. Pure: times are arguments. */

const WINDOW_MS = 3_000;
/** Lateness counts as trouble from here on ... */
export const LATE_MS = 2_000;
/** ... when it lasted this long. */
export const LATE_FOR_MS = 4_000;

interface Sample {
  readonly atMs: number;
  readonly latencyMs: number | null;
}

export class Meter {
  #samples: Sample[] = [];
  #leastLatencyMs = Infinity;
  #lateSinceMs: number | null = null;
  frames = 0;

  /** Note one shown picture. */
  shown(nowMs: number, capturedUnixS: number | null): void {
    const latencyMs = capturedUnixS === null ? null : nowMs - capturedUnixS * 1000;
    this.frames += 1;
    this.#samples = [...this.#samples.filter((sample) => nowMs - sample.atMs < WINDOW_MS), { atMs: nowMs, latencyMs }];
    if (latencyMs === null) return;
    this.#leastLatencyMs = Math.min(this.#leastLatencyMs, latencyMs);
    // Against the least that was seen: clocks of two machines may differ, but not by another amount each minute.
    const late = latencyMs - this.#leastLatencyMs > LATE_MS;
    this.#lateSinceMs = late ? (this.#lateSinceMs ?? nowMs) : null;
  }

  /** Pictures per second over the window. */
  fps(nowMs: number): number {
    const recent = this.#samples.filter((sample) => nowMs - sample.atMs < WINDOW_MS);
    const first = recent[0];
    const last = recent.at(-1);
    if (!first || !last || last.atMs === first.atMs) return 0;
    return ((recent.length - 1) * 1000) / (last.atMs - first.atMs);
  }

  /** Median latency over the window in milliseconds; null when times are unknown. */
  latencyMs(): number | null {
    const known = this.#samples.flatMap((sample) => (sample.latencyMs === null ? [] : [sample.latencyMs]));
    known.sort((a, b) => a - b);
    return known[Math.floor(known.length / 2)] ?? null;
  }

  /** Whether pictures have been coming ever later for a while, as over a network that loses packets. */
  isLate(nowMs: number): boolean {
    return this.#lateSinceMs !== null && nowMs - this.#lateSinceMs >= LATE_FOR_MS;
  }

  /** Time since the newest picture. */
  quietMs(nowMs: number): number {
    const last = this.#samples.at(-1);
    return last ? nowMs - last.atMs : Infinity;
  }
}

/** How popcam performs, as `/api/performance` tells it. Times are in milliseconds, null where none were taken. */
import type { Severity } from "./alerts";

export interface Times {
  readonly count: number;
  readonly mean_ms: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly highest_ms: number | null;
}

export interface CacheCounts {
  readonly hits: number;
  readonly not_modified: number;
  readonly misses: number;
  readonly spared_ratio: number | null;
}

export interface CacheStats extends CacheCounts {
  readonly enabled: boolean;
  readonly store: "memory" | "redis";
  readonly working: boolean;
  readonly failures: number;
  readonly entries: number;
  readonly size_bytes: number;
  readonly routes: readonly (CacheCounts & { readonly route: string })[];
}

export interface CacheEntry {
  readonly path: string;
  readonly query: string;
  readonly language: string;
  readonly role: string;
  readonly limited: boolean;
  readonly size_bytes: number;
  readonly hits: number;
  readonly made_unix_s: number;
  readonly life_s: number;
}

export interface ProcessOut {
  readonly process: string;
  readonly cpu_ratio: number | null;
  readonly rss_bytes: number | null;
  readonly rss_slope_bytes_per_hour: number | null;
  readonly open_files: number | null;
  readonly threads: number | null;
  readonly uptime_s: number | null;
}

export interface Bottleneck {
  readonly kind: string;
  readonly subject: string;
  readonly camera_id: string;
  readonly stage: string;
  readonly severity: Severity;
  /** 0 to 1: how much it costs. */
  readonly weight: number;
  readonly share: number | null;
  readonly cause: string;
  readonly remedy: string;
}

export interface Performance {
  readonly at_unix_s: number;
  readonly window_s: number;
  readonly responses: { readonly total: number; readonly per_s: number; readonly errors_ratio: number; readonly in_flight: number; readonly times: Times };
  readonly loop: Times;
  readonly database: {
    readonly in_use: number;
    readonly waiting: number;
    readonly wait: Times;
    readonly statements: Times;
    readonly slowest: readonly { readonly text: string; readonly count: number; readonly mean_ms: number; readonly highest_ms: number; readonly total_ms: number }[];
  };
  readonly cache: CacheStats;
  readonly cameras: { readonly total: number; readonly running: number; readonly limited: number; readonly fps: number; readonly latency_ms: number | null };
  readonly machine: {
    readonly cores: number;
    readonly cpu_ratio: number | null;
    readonly load1: number | null;
    readonly memory_available_bytes: number | null;
    readonly memory_available_ratio: number | null;
    readonly disks: readonly { readonly disk: string; readonly free_bytes: number | null; readonly free_ratio: number | null }[];
    readonly gpus: readonly { readonly gpu: string; readonly use_ratio: number | null; readonly memory_ratio: number | null; readonly encoder_ratio: number | null; readonly temperature_celsius: number | null }[];
    readonly temperatures_celsius: Readonly<Record<string, number>>;
  };
  readonly processes: readonly ProcessOut[];
  readonly bottleneck: Bottleneck | null;
}

export interface RouteOut {
  readonly route: string;
  readonly requests: number;
  readonly per_s: number;
  readonly errors_ratio: number;
  readonly times: Times;
  readonly codes: readonly { readonly method: string; readonly code: number; readonly count: number }[];
}

export interface StageOut {
  readonly stage: string;
  readonly share: number | null;
  readonly mean_ms: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly frames_in: number;
  readonly frames_out: number;
  readonly queue_depth: number;
}

export interface CameraPerformance {
  readonly camera_id: string;
  readonly at_unix_s: number | null;
  readonly fps: number;
  readonly source_fps: number;
  readonly lost_share: number;
  readonly load_level: number;
  readonly latency_ms: number | null;
  readonly bitrate_bps: number;
  readonly queue_depth: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly reconnects: number;
  readonly restarts: number;
  readonly uncovered_frames: number;
  readonly jitter_ms: number | null;
  readonly rtt_ms: number | null;
  readonly lost_packets: number;
  readonly stages: readonly StageOut[];
  readonly bottlenecks: readonly Bottleneck[];
}

export interface Growth {
  readonly process: string;
  readonly rss_bytes: number;
  readonly lowest_bytes: number;
  readonly highest_bytes: number;
  readonly span_s: number;
  readonly slope_bytes_per_hour: number | null;
  readonly verdict: "steady" | "growing" | "too_young";
}

export interface MemoryOut {
  readonly items: readonly Growth[];
  readonly recording: boolean;
}

export interface Allocations {
  readonly process: string;
  readonly recording: boolean;
  readonly began_unix_s: number | null;
  readonly until_unix_s: number | null;
  readonly took_s: number;
  readonly traced_bytes: number;
  readonly overhead_bytes: number;
  readonly lines: readonly { readonly file: string; readonly line: number; readonly code: string; readonly size_bytes: number; readonly count: number; readonly grown_bytes: number; readonly grown_count: number }[];
}

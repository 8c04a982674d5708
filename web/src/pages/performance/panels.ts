/** Which charts the page has, and how their values are written. */
import type { SeriesId } from "../../charts/figures";
import type { Wanted } from "../../charts/useFigures";
import { formatBytes } from "../../format";

export type Unit = "ms" | "ratio" | "bytes" | "bytesPerS" | "perS" | "fps";

export interface Panel extends Wanted {
  readonly key: "response" | "throughput" | "frames" | "latency" | "cpu" | "memory" | "waits" | "traffic" | "disk" | "gpu";
  readonly unit: Unit;
  /** The axis reaches at least this far. */
  readonly most?: number;
  /** Left out where there is nothing to show, such as without a graphics card. */
  readonly optional?: boolean;
}

const series = (name: string, labels: Readonly<Record<string, string>> = {}): SeriesId => ({ name, labels });

export const PANELS: readonly Panel[] = [
  { key: "response", unit: "ms", series: ["0.5", "0.95", "0.99"].map((quantile) => series("popcam_http_all_seconds", { quantile })) },
  { key: "throughput", unit: "perS", series: [series("popcam_http_all_per_second")] },
  { key: "frames", unit: "fps", series: [series("popcam_all_fps")] },
  { key: "latency", unit: "ms", series: [series("popcam_all_latency_seconds")] },
  { key: "cpu", unit: "ratio", most: 1, series: [series("popcam_host_cpu_ratio"), series("popcam_process_cpu_ratio")] },
  { key: "memory", unit: "bytes", series: [series("popcam_process_rss_bytes")] },
  { key: "waits", unit: "ms", series: [series("popcam_loop_lag_seconds"), series("popcam_database_wait_seconds")] },
  { key: "traffic", unit: "bytesPerS", most: 1_000, series: [series("popcam_network_received_bytes_total"), series("popcam_network_sent_bytes_total")] },
  { key: "disk", unit: "bytesPerS", most: 1_000, series: [series("popcam_disk_read_bytes_total"), series("popcam_disk_written_bytes_total")] },
  { key: "gpu", unit: "ratio", most: 1, optional: true, series: [series("popcam_gpu_use_ratio"), series("popcam_gpu_memory_ratio"), series("popcam_gpu_encoder_ratio")] },
];

/** A value as its chart and its table write it. Short: it stands beside an axis. */
export function writtenAs(unit: Unit, value: number, language: string): string {
  const number = (shown: number, digits: number) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(shown);
  switch (unit) {
    case "ms":
      return `${number(value * 1000, value < 0.01 ? 1 : 0)} ms`;
    case "ratio":
      return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: value < 0.1 ? 1 : 0 }).format(value);
    case "bytes":
      return formatBytes(value, language);
    case "bytesPerS":
      return `${formatBytes(value, language)}/s`;
    case "perS":
      return `${number(value, value < 10 ? 1 : 0)}/s`;
    case "fps":
      return number(value, value < 10 ? 1 : 0);
  }
}

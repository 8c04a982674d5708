/** What is measured, as the server tells it. */
export interface MetricOut {
  readonly name: string;
  readonly kind: "gauge" | "counter";
  readonly unit: string;
  readonly labels: readonly string[];
  /** In the reader's language. */
  readonly help: string;
  readonly kept: boolean;
  readonly series: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

export interface MetricsOut {
  readonly at_unix_s: number;
  /** How long points of a minute are kept. */
  readonly keep_days: number;
  readonly metrics: readonly MetricOut[];
}

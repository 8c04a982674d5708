/** Which figures there are, for who chooses one. */
import { shallowRef, watch, type Ref } from "vue";

import { getJson } from "../api/client";
import type { MetricOut, MetricsOut } from "../api/figures";
import { i18n } from "../i18n";

const metrics = shallowRef<readonly MetricOut[]>([]);
let following = false;

async function read(): Promise<void> {
  // Without their series, of which a thousand cameras have tens of thousands.
  const found = await getJson<MetricsOut>("/api/v1/monitoring/metrics?series=false").catch(() => null);
  if (found) metrics.value = found.metrics;
}

/** All of them, with their explanation in the reader's language; empty until they were read. */
export function useMetrics(): Readonly<Ref<readonly MetricOut[]>> {
  if (!following) watch(i18n.global.locale, () => void read());
  following = true;
  if (metrics.value.length === 0) void read();
  return metrics;
}

/** What of all findings is worth a word on every page. Pure. */
import type { Exposure, Finding } from "../../api/access";

/** Whether an address of a browser is that of its own machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

export function urgent(exposure: Exposure | null): readonly Finding[] {
  return (exposure?.findings ?? []).filter((finding) => finding.severity === "danger");
}

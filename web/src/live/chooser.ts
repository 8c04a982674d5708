/** Which way live pictures come: the policy, without any browser in it. */

export const TRANSPORTS = ["ws-h264", "ws-jpeg", "whep", "mjpeg"] as const;
export type TransportKind = (typeof TRANSPORTS)[number];
export type TransportChoice = TransportKind | "auto";

/** What this browser can do on this page. */
export interface Abilities {
  /** WebCodecs decodes H.264; browsers offer it only on HTTPS and localhost. */
  readonly webCodecs: boolean;
  readonly webRtc: boolean;
  readonly webSocket: boolean;
}

/** Why a transport stopped.
 *
 * - `closed`: the connection broke or the server went away.
 * - `refused`: it could not be opened at all.
 * - `decoder`: the browser could not decode what came.
 * - `no_picture`: connected, the camera runs, yet nothing came.
 * - `late`: pictures came ever later, as over a network that loses packets.
 */
export type LossReason = "closed" | "refused" | "decoder" | "no_picture" | "late";

export interface Failure {
  readonly kind: TransportKind;
  readonly reason: LossReason;
  readonly atMs: number;
}

/** A failed transport gets another chance after this time, so that a passing trouble costs no quality for ever. */
export const FORGET_MS = 120_000;
/** From this round-trip time on the network is a remote one, where WebRTC recovers from losses better than TCP. */
export const REMOTE_RTT_MS = 150;

/** All transports that this browser can use, best first. */
export function ranking(can: Abilities, rttMs: number | null): TransportKind[] {
  const overSockets: TransportKind[] = can.webSocket ? (can.webCodecs ? ["ws-h264", "ws-jpeg"] : ["ws-jpeg"]) : [];
  const overRtc: TransportKind[] = can.webRtc ? ["whep"] : [];
  const remote = rttMs !== null && rttMs >= REMOTE_RTT_MS;
  return [...(remote ? [...overRtc, ...overSockets] : [...overSockets, ...overRtc]), "mjpeg"];
}

/** The transport to try now.
 *
 * A manual choice is kept. Else the best that did not fail lately; when pictures came late over TCP, WebRTC first; when
 * all failed, the one whose failure is oldest.
 */
export function chooseTransport(
  choice: TransportChoice,
  can: Abilities,
  rttMs: number | null,
  failures: readonly Failure[],
  nowMs: number,
): TransportKind {
  if (choice !== "auto") return choice;
  const recent = failures.filter((failure) => nowMs - failure.atMs < FORGET_MS);
  const failedAtMs = (kind: TransportKind) =>
    Math.max(-Infinity, ...recent.filter((failure) => failure.kind === kind).map((failure) => failure.atMs));
  const late = recent.some((failure) => failure.reason === "late");
  const ranked = ranking(can, late ? Infinity : rttMs);
  const fresh = ranked.find((kind) => failedAtMs(kind) === -Infinity);
  return fresh ?? ranked.reduce((oldest, kind) => (failedAtMs(kind) < failedAtMs(oldest) ? kind : oldest));
}

/** Whether a loss speaks against the transport itself, rather than against a camera or server that is down.
 *
 * @param serves the server answers over HTTP and says that the camera delivers.
 */
export function blamesTransport(reason: LossReason, serves: boolean): boolean {
  switch (reason) {
    case "decoder":
    case "late":
      return true;
    case "refused":
    case "no_picture":
      return serves;
    case "closed":
      return false;
  }
}

import {
  blamesTransport,
  chooseTransport,
  type Abilities,
  type Failure,
  type LossReason,
  type TransportChoice,
  type TransportKind,
} from "./chooser";
import { retryDelayMs } from "./backoff";
import { Meter } from "./meter";
import { PICTURE_ATTRIBUTE, type LiveTarget, type LiveTransport, type OpenTransport, type ShownPicture } from "./transport";

/** - `connecting`: the first picture is on its way. - `playing`: pictures come. - `waiting`: connected or trying again, but
 * nothing comes. - `stopped`: nobody looks. */
export type PlayerState = "stopped" | "connecting" | "playing" | "waiting";

export interface PlayerView {
  readonly state: PlayerState;
  readonly transport: TransportKind | null;
  readonly fps: number;
  readonly latencyMs: number | null;
  readonly frames: number;
}

/** What the player asks and tells. */
export interface PlayerHost {
  readonly transports: Readonly<Record<TransportKind, OpenTransport>>;
  readonly abilities: () => Abilities;
  readonly rttMs: () => number | null;
  /** The server answers and says that this camera delivers pictures. */
  readonly serves: () => boolean;
  readonly shown: (picture: ShownPicture) => void;
  readonly changed: (view: PlayerView) => void;
}

/** A connection that brings no picture for this long is opened anew; also the longest wait for the first one. */
export const NO_PICTURE_MS = 6_000;
const QUIET_MS = 1_500;
const TICK_MS = 500;

/** Keeps one live picture playing: picks a transport, notices losses, tries again, falls back. */
export class Player {
  readonly #host: PlayerHost;
  readonly #stage: HTMLElement;
  readonly #target: LiveTarget;
  #choice: TransportChoice;
  #transport: LiveTransport | null = null;
  #meter = new Meter();
  #failures: Failure[] = [];
  #lossesInRow = 0;
  #openedAtMs = 0;
  #frames = 0;
  #stale: Element[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(host: PlayerHost, stage: HTMLElement, target: LiveTarget, choice: TransportChoice) {
    this.#host = host;
    this.#stage = stage;
    this.#target = target;
    this.#choice = choice;
  }

  start(): void {
    if (this.#ticker !== undefined) return;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#open();
  }

  /** Let go of the connection, so that nothing is encoded that nobody sees. */
  stop(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#ticker = this.#retry = undefined;
    this.#transport?.stop();
    this.#transport = null;
    this.#tell();
  }

  choose(choice: TransportChoice): void {
    this.#choice = choice;
    this.#failures = [];
    this.#lossesInRow = 0;
    if (this.#ticker === undefined) return;
    this.stop();
    this.start();
  }

  #open(): void {
    const kind = chooseTransport(this.#choice, this.#host.abilities(), this.#host.rttMs(), this.#failures, Date.now());
    this.#meter = new Meter();
    this.#openedAtMs = Date.now();
    this.#stale = [...this.#stage.querySelectorAll(`[${PICTURE_ATTRIBUTE}]`)];
    try {
      this.#transport = this.#host.transports[kind](this.#target, this.#stage, {
        opened: () => undefined,
        shown: (picture) => this.#shown(picture),
        lost: (reason) => this.#lost(kind, reason),
      });
    } catch {
      // A transport that this browser does not have at all, chosen by hand.
      this.#lost(kind, "refused");
    }
    this.#tell();
  }

  #shown(picture: ShownPicture): void {
    this.#frames += 1;
    this.#lossesInRow = 0;
    const first = this.#meter.frames === 0;
    if (first) this.#uncover();
    this.#meter.shown(Date.now(), picture.capturedUnixS);
    this.#host.shown(picture);
    if (first) this.#tell();
  }

  /** The first picture of a connection is there: only now the last one of the connection before goes. */
  #uncover(): void {
    for (const element of this.#stale) element.remove();
    for (const element of this.#stage.querySelectorAll(`[${PICTURE_ATTRIBUTE}]`)) element.setAttribute("data-shown", "");
  }

  #lost(kind: TransportKind, reason: LossReason): void {
    this.#transport = null;
    this.#lossesInRow += 1;
    const blamed = blamesTransport(reason, this.#host.serves());
    if (blamed) this.#failures = [...this.#failures.filter((f) => f.kind !== kind), { kind, reason, atMs: Date.now() }];
    // Falling back to another transport needs no patience.
    const delayMs = blamed && this.#choice === "auto" ? 0 : retryDelayMs(this.#lossesInRow);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), delayMs);
    this.#tell();
  }

  #tick(): void {
    const transport = this.#transport;
    const nowMs = Date.now();
    if (transport) {
      const late = this.#meter.isLate(nowMs);
      const quietMs = Math.min(this.#meter.quietMs(nowMs), nowMs - this.#openedAtMs);
      if (late || quietMs > NO_PICTURE_MS) {
        transport.stop();
        this.#lost(transport.kind, late ? "late" : "no_picture");
        return;
      }
    }
    this.#tell();
  }

  #state(nowMs: number): PlayerState {
    if (this.#ticker === undefined) return "stopped";
    if (this.#transport && this.#meter.quietMs(nowMs) < QUIET_MS) return "playing";
    return this.#frames === 0 ? "connecting" : "waiting";
  }

  #tell(): void {
    const nowMs = Date.now();
    const state = this.#state(nowMs);
    const playing = state === "playing";
    this.#host.changed({
      state,
      transport: this.#transport?.kind ?? null,
      fps: playing ? this.#meter.fps(nowMs) : 0,
      latencyMs: playing ? this.#meter.latencyMs() : null,
      frames: this.#frames,
    });
  }
}

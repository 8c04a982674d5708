import { retryDelayMs } from "../live/backoff";
import { webSocketUrl } from "../live/socket";

/** - `connecting`: not yet. - `online`: news are pushed. - `polling`: WebSockets do not pass, the page asks instead.
 * - `offline`: the server does not answer. */
export type LinkState = "connecting" | "online" | "polling" | "offline";

export interface Message {
  readonly type: string;
}

export interface FeedHost {
  /** A message of the server. */
  news: (message: Message) => void;
  /** News are pushed from now on; what was not pushed before has to be read. */
  opened: () => void;
  /** Read everything anew. Throws when the server does not answer. */
  refresh: () => Promise<void>;
  /** Ask the server whether it lives. Throws when it does not answer. */
  knock: () => Promise<void>;
  linkChanged: (link: LinkState) => void;
  rttMeasured: (rttMs: number) => void;
  /** The connection ended or did not come about: it may be that the reader may not have it any more. */
  ended?: () => void;
}

/** What is told beside the newest events, and what is asked for where that is refused: a server of before knows nothing of
 * alerts and jobs, and nobody who is limited to some cameras is told of jobs. */
export const NARROW_TOPICS = ["brief,events,alerts", "brief,events"] as const;
export const ALL_TOPICS = ["brief,events,jobs,alerts", ...NARROW_TOPICS] as const;
const REFUSED = 1008;
const POLL_MS = 2_000;
const KNOCK_MS = 15_000;
/** Several in a row: one may have waited for something else. */
const KNOCKS = 2;

/** Keeps the page in step with the server: pushed news while the WebSocket stands, polling where it is blocked. */
export class Feed {
  readonly #host: FeedHost;
  #socket: WebSocket | null = null;
  #opened = false;
  #failures = 0;
  #topics: readonly string[];
  #stopped = false;
  #knocking: ReturnType<typeof setInterval> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(host: FeedHost, topics: readonly string[] = ALL_TOPICS) {
    this.#host = host;
    this.#topics = topics;
  }

  start(): void {
    this.#knocking = setInterval(() => void this.#knock(), KNOCK_MS);
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
    this.#connect();
    void this.#knock();
  }

  /** For good: nothing is asked any more. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#knocking);
    clearTimeout(this.#retry);
    if (this.#socket) {
      this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
      this.#socket.close();
    }
    this.#socket = null;
    this.#opened = false;
  }

  /** Tell the server something, if it can be reached; `opened` is the time to say again what still holds. */
  say(message: Message): void {
    if (this.#opened) this.#socket?.send(JSON.stringify(message));
  }

  #connect(): void {
    const socket = new WebSocket(webSocketUrl(`/api/v1/live?topics=${this.#topics[0] ?? ""}`));
    this.#socket = socket;
    this.#opened = false;
    socket.onopen = () => {
      this.#opened = true;
      this.#failures = 0;
      this.#host.linkChanged("online");
      this.#host.opened();
    };
    socket.onmessage = (event: MessageEvent<string>) => this.#host.news(JSON.parse(event.data) as Message);
    socket.onclose = ({ code }) => {
      if (code !== REFUSED || this.#topics.length === 1) return this.#lost();
      this.#topics = this.#topics.slice(1);
      this.#connect();
    };
  }

  /** A half-open connection is never closed by itself, so the server is asked from time to time; that also tells how far
   * away it is. */
  async #knock(): Promise<void> {
    if (!this.#opened) return;
    try {
      for (let knocks = 0; knocks < KNOCKS; knocks += 1) {
        const beganMs = performance.now();
        await this.#host.knock();
        this.#host.rttMeasured(performance.now() - beganMs);
      }
    } catch {
      this.#drop();
    }
  }

  /** Give up a connection without waiting for its end: that of a vanished server may take minutes. */
  #drop(): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#lost();
  }

  #lost(): void {
    this.#socket = null;
    this.#opened = false;
    this.#failures += 1;
    this.#host.ended?.();
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    const delayMs = retryDelayMs(this.#failures);
    this.#retry = setTimeout(() => this.#connect(), delayMs);
    if (this.#failures > 1) void this.#poll(Date.now() + delayMs);
    else this.#host.linkChanged("offline");
  }

  /** Ask until the next try: whether the server is gone or only WebSockets do not pass shows here. */
  async #poll(untilMs: number): Promise<void> {
    do {
      if (this.#stopped) return;
      try {
        await this.#host.refresh();
        if (!this.#opened) this.#host.linkChanged("polling");
      } catch {
        if (this.#stopped) return;
        this.#host.linkChanged("offline");
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    } while (Date.now() < untilMs && !this.#opened);
  }

  /** The network is back, or the reader looks at the page again: no reason to wait any longer. */
  #hurry(): void {
    if (document.hidden || this.#socket || this.#stopped) return;
    clearTimeout(this.#retry);
    this.#connect();
  }
}

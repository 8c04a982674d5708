import type { FrameFacts } from "./facts";
import type { LossReason, TransportKind } from "./chooser";

export type Quality = "normal" | "full";

/** Which live picture. */
export interface LiveTarget {
  readonly cameraId: string;
  readonly quality: Quality;
}

/** A picture that is on the screen now. What a transport can't know is null. */
export interface ShownPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly capturedUnixS: number | null;
  readonly facts: FrameFacts | null;
}

/** What a transport tells while it runs. */
export interface TransportListener {
  /** The connection stands; pictures may come. */
  opened: () => void;
  shown: (picture: ShownPicture) => void;
  /** It is over; the transport has already let go of everything. Called at most once, and never after `stop`. */
  lost: (reason: LossReason, detail: string) => void;
}

/** One way of bringing live pictures to the page. It puts its own element into the stage and leaves it there with the
 * last picture: the player takes it away when there is a newer one. */
export interface LiveTransport {
  readonly kind: TransportKind;
  stop: () => void;
}

export type OpenTransport = (target: LiveTarget, stage: HTMLElement, listener: TransportListener) => LiveTransport;

/** Marks the element that holds the newest picture; `drawImage` can read it. */
export const PICTURE_ATTRIBUTE = "data-live-picture";

/** Add the element that shows the picture. It stays hidden until its first picture. */
export function addPicture<Name extends "canvas" | "video" | "img">(stage: HTMLElement, name: Name): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.setAttribute(PICTURE_ATTRIBUTE, "");
  element.setAttribute("aria-hidden", "true");
  stage.prepend(element);
  return element;
}

export function cameraPath(cameraId: string, rest: string): string {
  return `/api/v1/cameras/${encodeURIComponent(cameraId)}/${rest}`;
}

/** Once true, a transport says nothing more. */
export class Ending {
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  /** Run the clean-up the first time only; say whether it was the first. */
  end(cleanUp: () => void): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    cleanUp();
    return true;
  }
}

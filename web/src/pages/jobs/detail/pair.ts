import { onScopeDispose, reactive, shallowRef, type ShallowRef } from "vue";

import { correction, pictureLengthS, stepped } from "./sync";

export type Side = "before" | "after";
type Videos = Readonly<Record<Side, Readonly<ShallowRef<HTMLVideoElement | null>>>>;

/** Enough to go on without a stop (HTMLMediaElement.HAVE_FUTURE_DATA). */
const ENOUGH = 3;

/** Two videos as one: the result leads, the original follows it. Neither goes on while the other waits for data.
 *
 * @param frames pictures of the video, 0 while unknown.
 */
export function usePair(videos: Videos, frames: () => number) {
  const state = reactive({ playing: false, nowS: 0, lengthS: 0, waiting: true, muted: true, failed: { before: false, after: false }, width: 0, height: 0 });
  const other = { before: "after", after: "before" } as const;
  const seekS = shallowRef(0);
  let seekBeganMs = 0;
  let frame = 0;

  const element = (side: Side) => (state.failed[side] ? null : videos[side].value);
  /** The result leads, unless only the original can be shown. */
  const lead = () => element("after") ?? element("before");
  const follower = () => (element("after") ? element("before") : null);
  const both = () => [element("after"), element("before")].filter((video) => video !== null);
  const pictureS = () => pictureLengthS(frames(), state.lengthS);

  function play(): void {
    const first = lead();
    if (!first) return;
    if (first.ended || first.currentTime >= state.lengthS - 0.01) seek(0);
    state.playing = true;
    go();
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(tick);
  }

  function pause(): void {
    state.playing = false;
    for (const video of both()) video.pause();
  }

  /** Both go on as soon as both can. */
  function go(): void {
    const videos = both();
    state.waiting = videos.some((video) => video.readyState < ENOUGH && !video.ended);
    if (!state.playing) return;
    for (const video of videos) {
      if (state.waiting) video.pause();
      else if (video.paused && !video.ended) video.play().catch(() => undefined); // a refusal means that a pause came first
    }
  }

  function tick(): void {
    const [first, second] = [lead(), follower()];
    if (!state.playing || !first) return;
    state.nowS = first.currentTime;
    if (second && !second.seeking && !second.ended) {
      const { toS, rate } = correction(first.currentTime, second.currentTime, pictureS(), seekS.value);
      if (toS !== null) {
        seekBeganMs = performance.now();
        second.currentTime = toS;
      }
      if (second.playbackRate !== rate) second.playbackRate = rate;
    }
    frame = requestAnimationFrame(tick);
  }

  /** When standing, both show the very same picture. */
  function align(): void {
    const [first, second] = [lead(), follower()];
    if (first && second && Math.abs(first.currentTime - second.currentTime) > 0.001) second.currentTime = first.currentTime;
    if (first) state.nowS = first.currentTime;
  }

  function seek(toS: number): void {
    const at = Math.min(Math.max(0, toS), state.lengthS);
    for (const video of both()) video.currentTime = at;
    state.nowS = at;
  }

  function step(by: number): void {
    if (state.playing) pause();
    seek(stepped(lead()?.currentTime ?? 0, by, pictureS(), state.lengthS));
  }

  /** What a video tells; wire it to the events of the same names. */
  function told(side: Side, event: Event): void {
    const video = event.target as HTMLVideoElement;
    switch (event.type) {
      case "loadedmetadata":
        if (video.videoWidth === 0) return fail(side); // it knows the file, but not its pictures
        if (side === "after" || state.lengthS === 0) {
          state.lengthS = Number.isFinite(video.duration) ? video.duration : 0;
          [state.width, state.height] = [video.videoWidth, video.videoHeight];
        }
        break;
      case "seeked":
        if (side === "before" && seekBeganMs > 0) [seekS.value, seekBeganMs] = [(performance.now() - seekBeganMs) / 1000, 0];
        break;
      case "pause":
        // Only now it is known where it stopped: a video runs on for a moment after it was told to.
        if (!state.playing && video === lead()) align();
        break;
      case "ended":
        if (video === lead()) pause();
        break;
      case "error":
        fail(side);
        break;
    }
    go();
  }

  function fail(side: Side): void {
    state.failed[side] = true;
    if (state.failed[other[side]]) state.playing = false;
    state.waiting = false;
  }

  function mute(muted: boolean): void {
    state.muted = muted;
    for (const video of both()) video.muted = muted || video !== lead();
  }

  onScopeDispose(() => cancelAnimationFrame(frame));

  return { state, told, toggle: () => (state.playing ? pause() : play()), pause, seek, step, mute };
}

export type Pair = ReturnType<typeof usePair>;

import { ref } from "vue";

import type { Abilities } from "./chooser";

const hasWebCodecs = isSecureContext && "VideoDecoder" in globalThis && "EncodedVideoChunk" in globalThis;

/** What this browser offers on this page. WebCodecs counts once `probe` has seen H.264 in it. */
export const abilities = ref<Abilities>({
  webCodecs: false,
  webRtc: "RTCPeerConnection" in globalThis && "requestVideoFrameCallback" in HTMLVideoElement.prototype,
  webSocket: "WebSocket" in globalThis,
});

/** Find out whether H.264 can really be decoded: a Chromium without licensed codecs has WebCodecs but no H.264. */
export async function probe(): Promise<void> {
  if (!hasWebCodecs) return;
  const { supported } = await VideoDecoder.isConfigSupported({ codec: "avc1.42c01f", optimizeForLatency: true });
  abilities.value = { ...abilities.value, webCodecs: supported ?? false };
}

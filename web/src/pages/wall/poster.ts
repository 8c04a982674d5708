import { PICTURE_ATTRIBUTE } from "../../live/transport";

/** Copy what a camera's tile shows now; false when it shows nothing. */
export function copyPicture(cameraId: string, to: HTMLCanvasElement): boolean {
  const tile = document.querySelector(`[data-camera="${CSS.escape(cameraId)}"]`);
  const picture = tile?.querySelector(".still.shown") ?? tile?.querySelector(`[${PICTURE_ATTRIBUTE}][data-shown]`);
  const size = picture ? sizeOf(picture) : null;
  if (!picture || !size || size.width === 0) return false;
  Object.assign(to, size);
  to.getContext("2d")?.drawImage(picture as CanvasImageSource, 0, 0);
  return true;
}

function sizeOf(picture: Element): { width: number; height: number } | null {
  if (picture instanceof HTMLCanvasElement) return { width: picture.width, height: picture.height };
  if (picture instanceof HTMLVideoElement) return { width: picture.videoWidth, height: picture.videoHeight };
  if (picture instanceof HTMLImageElement) return { width: picture.naturalWidth, height: picture.naturalHeight };
  return null;
}

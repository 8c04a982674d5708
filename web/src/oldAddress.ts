const CAMERA = /^#\/camera\/(.+)$/;

/** The camera that an address of an earlier console names, for example `/#/camera/front`; null for any other. Pure. */
export function cameraOfHash(hash: string): string | null {
  const id = CAMERA.exec(hash)?.[1];
  if (id === undefined) return null;
  try {
    return decodeURIComponent(id);
  } catch {
    return null; // a broken address shows the wall
  }
}

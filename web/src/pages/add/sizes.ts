/** The picture sizes of a capture device. Pure. */
import type { Device } from "../../api/types";

export interface Size {
  /** `width×height`, as the draft keeps it. */
  readonly value: string;
  readonly width: number;
  readonly height: number;
  /** Highest rate over all formats; 0 when the device does not say. */
  readonly fps: number;
}

/** Each size once, largest first. */
export function sizesOf(modes: Device["modes"]): Size[] {
  const sizes = new Map<string, Size>();
  for (const { width_px: width, height_px: height, max_fps: fps } of modes.flatMap((mode) => mode.sizes)) {
    const value = `${String(width)}×${String(height)}`;
    sizes.set(value, { value, width, height, fps: Math.max(fps, sizes.get(value)?.fps ?? 0) });
  }
  return [...sizes.values()].sort((a, b) => b.width * b.height - a.width * a.height);
}

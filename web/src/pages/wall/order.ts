/** In which order a reader has arranged the cameras. Pure. */

/** The cameras as arranged; those that the reader never moved come at the end, in the server's order. */
export function arranged(ids: readonly string[], order: readonly string[]): readonly string[] {
  const here = new Set(ids);
  const placed = new Set(order.filter((id) => here.has(id)));
  return [...placed, ...ids.filter((id) => !placed.has(id))];
}

/** Put one camera right before or after another. */
export function movedTo(order: readonly string[], id: string, target: string, after: boolean): readonly string[] {
  if (id === target || !order.includes(id) || !order.includes(target)) return order;
  const others = order.filter((other) => other !== id);
  const at = others.indexOf(target) + (after ? 1 : 0);
  return [...others.slice(0, at), id, ...others.slice(at)];
}

/** Where a key moves the camera at `index` among `count`, with `columns` in a row; null for other keys. */
export function placeAfterKey(key: string, index: number, count: number, columns: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined ? null : Math.min(count - 1, Math.max(0, index + step));
}

/** An order as it was stored; empty for what is none. */
export function orderOf(stored: string | null): readonly string[] {
  try {
    const read: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(read) ? read.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

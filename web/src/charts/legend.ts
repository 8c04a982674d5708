/** A legend that breaks into lines, for a canvas. Pure. */

/** Where each name of a legend stands, in lines that are no wider than this. */
export function legendRows(widths: readonly number[], most: number): readonly { readonly row: number; readonly left: number }[] {
  const rows: { row: number; left: number }[] = [];
  let [row, left] = [0, 0];
  for (const width of widths) {
    if (left > 0 && left + width > most) [row, left] = [row + 1, 0];
    rows.push({ row, left });
    left += width;
  }
  return rows.length === 0 ? [{ row: -1, left: 0 }] : rows;
}

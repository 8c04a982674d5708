/** How many cameras stand in a row. Pure. */

export const COLUMN_CHOICES = ["auto", "1", "2", "3", "4", "5", "6", "8"] as const;
export type ColumnChoice = (typeof COLUMN_CHOICES)[number];

export const GAP_PX = 10;
/** Width over height of a tile. */
export const ASPECT = 16 / 9;
/** Narrower tiles show nothing that one could tell apart. */
const NARROWEST_PX = 132;
/** As wide as a tile should be when nobody says anything else: less where there are many. */
const WANTED_PX = { few: 420, some: 320, many: 250 } as const;

/** Columns of a wall that scrolls.
 *
 * @param choice what the reader wants; fewer where the window is too narrow for it.
 */
export function columnsFor(choice: ColumnChoice, count: number, widthPx: number): number {
  const most = fitting(widthPx, NARROWEST_PX);
  if (choice !== "auto") return Math.min(Number(choice), most);
  const wantedPx = count <= 4 ? WANTED_PX.few : count <= 24 ? WANTED_PX.some : WANTED_PX.many;
  return Math.max(1, Math.min(Math.max(count, 1), fitting(widthPx, wantedPx)));
}

function fitting(widthPx: number, tilePx: number): number {
  return Math.max(1, Math.floor((widthPx + GAP_PX) / (tilePx + GAP_PX)));
}

/** Columns with which all tiles fit on the screen at once, as large as they can be; null when they would be too small. */
export function columnsOnScreen(count: number, widthPx: number, heightPx: number): number | null {
  let best: { columns: number; tilePx: number } | null = null;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (widthPx - (columns - 1) * GAP_PX) / columns;
    const byHeight = ((heightPx - (rows - 1) * GAP_PX) / rows) * ASPECT;
    const tilePx = Math.min(byWidth, byHeight);
    if (!best || tilePx > best.tilePx) best = { columns, tilePx };
  }
  return best && best.tilePx >= NARROWEST_PX ? best.columns : null;
}

/** Width of the whole grid so that its rows fit on the screen. */
export function gridWidth(columns: number, count: number, widthPx: number, heightPx: number): number {
  const rows = Math.ceil(count / columns);
  const tilePx = Math.min((widthPx - (columns - 1) * GAP_PX) / columns, ((heightPx - (rows - 1) * GAP_PX) / rows) * ASPECT);
  return Math.floor(columns * tilePx + (columns - 1) * GAP_PX);
}

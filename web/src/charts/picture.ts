/** A chart as a PNG with its title and legend, as it is on the screen. */
import { dashOf, lineOf, type ChartColours } from "./colours";
import { legendRows } from "./legend";

export function pictureOf(canvas: HTMLCanvasElement, title: string, names: readonly string[], colours: ChartColours): Promise<Blob | null> {
  const scale = devicePixelRatio || 1;
  const [pad, line] = [16 * scale, 22 * scale];
  const out = document.createElement("canvas");
  const context = out.getContext("2d");
  if (!context) return Promise.resolve(null);
  const font = (weight: number, px: number) => `${String(weight)} ${String(px * scale)}px system-ui, "Noto Sans CJK SC", sans-serif`;
  context.font = font(500, 13);
  const rows = legendRows(names.map((name) => context.measureText(name).width + 40 * scale), canvas.width);
  out.width = canvas.width + 2 * pad;
  out.height = canvas.height + 2 * pad + line * (1.4 + (rows.at(-1)?.row ?? 0) + 1);
  context.fillStyle = colours.surface;
  context.fillRect(0, 0, out.width, out.height);
  context.fillStyle = colours.strong;
  context.textBaseline = "middle";
  context.font = font(650, 16);
  context.fillText(title, pad, pad + line / 2);
  context.font = font(500, 13);
  rows.forEach(({ row, left }, index) => {
    const y = pad + line * (1.7 + row);
    context.strokeStyle = lineOf(colours, index);
    context.lineWidth = 2.5 * scale;
    context.setLineDash(dashOf(index).map((part) => part * scale));
    context.beginPath();
    context.moveTo(pad + left, y);
    context.lineTo(pad + left + 18 * scale, y);
    context.stroke();
    context.fillText(names[index] ?? "", pad + left + 24 * scale, y);
  });
  context.setLineDash([]);
  context.drawImage(canvas, pad, out.height - canvas.height - pad);
  return new Promise((resolve) => out.toBlob(resolve, "image/png"));
}

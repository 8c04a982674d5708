/** What is drawn over a live picture, and which of it this reader wants to see. */
import { ref, watch, type Ref } from "vue";

export const LAYERS = ["boxes", "trails", "zones", "lines", "masks"] as const;
export type LayerName = (typeof LAYERS)[number];
export type Layers = Readonly<Record<LayerName, boolean>>;

const STORED_AS = "popcam.layers.hidden";

/** The layers from the names of the hidden ones, as they are kept; names that nobody knows are left out. */
export function layersOf(hidden: string): Layers {
  const names = hidden.split(",");
  return Object.fromEntries(LAYERS.map((name) => [name, !names.includes(name)])) as Layers;
}

export function hiddenOf(layers: Layers): string {
  return LAYERS.filter((name) => !layers[name]).join(",");
}

/** The reader's choice, kept in the browser where it lets us. */
export function useLayers(): Ref<Layers> {
  const layers = ref(layersOf(stored()));
  watch(layers, (now) => {
    try {
      localStorage.setItem(STORED_AS, hiddenOf(now));
    } catch {
      // Private windows refuse storage; the choice holds until the page is closed.
    }
  });
  return layers;
}

function stored(): string {
  try {
    return localStorage.getItem(STORED_AS) ?? "";
  } catch {
    return "";
  }
}

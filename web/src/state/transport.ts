import { ref, watch } from "vue";

import { TRANSPORTS, type TransportChoice } from "../live/chooser";
import { remember, rememberedChoice } from "./choices";

const STORED_AS = "popcam.transport";

/** How this reader wants live pictures to come, on every page. */
export const transportChoice = ref<TransportChoice>(rememberedChoice(STORED_AS, ["auto", ...TRANSPORTS]) ?? "auto");

watch(transportChoice, (now) => remember(STORED_AS, now));

/** What a live picture says about itself, in the server's own words (`popcam.core.facts`). */
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type PreviewFrame = Schemas["PreviewFrame"];
export type FrameFacts = Schemas["FrameFacts"];
export type Track = Schemas["Track"];
export type BoxNorm = Track["box"];
export type Cover = NonNullable<FrameFacts["cover"]>;

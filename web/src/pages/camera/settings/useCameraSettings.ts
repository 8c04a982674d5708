import { getVersioned, sendJson, type Versioned } from "../../../api/client";
import type { JsonObject } from "../../../components/form/json";
import type { SettingSchema } from "../../../components/form/schema";
import { useEdited, type Edited, type Edition } from "../../../components/form/useEdited";

interface CameraDetail {
  readonly settings: JsonObject;
}

function editionOf({ body, etag }: Versioned<CameraDetail>): Edition {
  return { document: body.settings, etag };
}

/** The settings of one camera as a document that is edited. */
export function useCameraSettings(cameraId: string, schema: () => SettingSchema): Edited {
  const path = `/api/v1/cameras/${encodeURIComponent(cameraId)}`;
  return useEdited({
    schema,
    read: async () => editionOf(await getVersioned<CameraDetail>(path)),
    write: async (patch, etag) => editionOf(await sendJson<CameraDetail>("PATCH", path, patch, { etag })),
  });
}

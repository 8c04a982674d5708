/** The server's words, from its own OpenAPI document (`python scripts/make_console_sources.py`). */
import type { components } from "./schema";

type Schemas = components["schemas"];
/** States in brief say whether it records; the inside of its pipeline comes only where it is shown. */
export type Camera = Schemas["CameraOut"] & { readonly recording?: boolean };
export type CameraPage = Schemas["CameraPage"];
export type CameraStatus = Schemas["CameraStatusOut"];
export type CameraState = Schemas["CameraState"];
export type Fault = Schemas["LastError"];
/** `Event` itself means something else in a browser. */
export type HappenedEvent = Schemas["EventOut"];
export type EventPage = Schemas["EventPageOut"];
/** What a refused request says (RFC 9457). */
export type Problem = Schemas["Problem"];
export type FieldProblem = Schemas["FieldProblem"];

export type CameraDetail = Schemas["CameraDetail"];
export type SourceSpec = Schemas["SourceSpec"];
export type SourceTest = Schemas["SourceTestOut"];
export type DeviceList = Schemas["DeviceList"];
export type Device = Schemas["DeviceOut"];
export type OnvifList = Schemas["OnvifList"];
export type OnvifCamera = Schemas["OnvifCameraOut"];
export type OnvifStream = Schemas["OnvifStreamOut"];

// Messages of the WebSocket /api/v1/live.
export type CamerasMessage = Schemas["CamerasMessage"];
export type StatusMessage = Schemas["StatusMessage"];
export type BriefCamera = Schemas["BriefCameraOut"];
/** A new state with all that is told in brief, or only new figures. */
export type BriefChange = Schemas["FiguresOut"] & Partial<Schemas["BriefChangeOut"]>;
export type BriefMessage = Schemas["BriefMessage"];
export type BriefChangesMessage = Schemas["BriefChangesMessage"];
export type StatesMessage = Schemas["StatesMessage"];
export type EventMessage = Schemas["EventMessage"];

export type Recording = Schemas["RecordingOut"];
export type RecordingPage = Schemas["RecordingPage"];
export type RecordingDay = Schemas["RecordingDay"];
export type RecordingDays = Schemas["RecordingDays"];
export type StartResult = Schemas["StartResultOut"];
export type LogLines = Schemas["LogLines"];

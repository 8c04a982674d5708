/** Batch jobs as the server tells them, from its own OpenAPI document. */
import type { components } from "./schema";

type Schemas = components["schemas"];
type WholeSpec = Schemas["JobSpec"];
type Parts = "find" | "hide" | "encode";

/** What is left out has the server's default. */
export type JobSpec = Pick<WholeSpec, "kind" | "inputs"> &
  Partial<Omit<WholeSpec, "kind" | "inputs" | Parts>> & { [Part in Parts]?: Partial<NonNullable<WholeSpec[Part]>> };
export type JobKind = WholeSpec["kind"];
export type Conflict = WholeSpec["on_conflict"];
export type Detector = Schemas["FindSpec"]["detector"];
export type HideStyle = Schemas["HideSpec"]["style"];
export type VideoCodec = Schemas["EncodeSpec"]["codec"];
export type EncodePreset = Schemas["EncodeSpec"]["preset"];
export type HardwareEncode = Schemas["EncodeSpec"]["hardware"];

export type Job = Schemas["JobOut"];
export type JobState = Job["state"];
export type JobStage = Job["stage"];
export type JobPage = Schemas["JobPageOut"];
export type ItemCounts = Schemas["ItemCountsOut"];
/** One job with what was asked for. */
export type JobDetail = Omit<Schemas["JobDetail"], "spec"> & { readonly spec: JobSpec };
/** Something that could not be done, and where in the medium. */
export type JobProblem = Schemas["JobProblem"];

/** One file of a job. */
export type JobItem = Schemas["JobItemOut"];
export type ItemState = JobItem["state"];
export type JobItemPage = Schemas["JobItemPageOut"];

/** A file that was uploaded; `input` is what a job names it. */
export type Upload = Schemas["UploadOut"];
/** A file or folder of the server that a job may take. */
export type Place = Schemas["PlaceOut"];
/** A folder's media and folders, or the allowed roots where `path` is empty. `parent` is empty above a root, null above
 * the roots. */
export type Folder = Schemas["BrowseOut"];
/** What a job would do. No file is opened for it: frames are estimated from sizes. */
export type JobCheck = Schemas["JobCheckOut"];

// Messages of the topic `jobs` of /api/v1/live.
export type JobsMessage = Schemas["JobsMessage"];
export type JobMessage = Schemas["JobMessage"];
export type JobGoneMessage = Schemas["JobGoneMessage"];

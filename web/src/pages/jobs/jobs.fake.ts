import type { ItemCounts, Job } from "../../api/jobs";

const NONE: ItemCounts = { queued: 0, running: 0, succeeded: 0, partial: 0, failed: 0, skipped: 0, cancelled: 0 };

/** A queued job for tests, made at this time. */
export function jobAt(createdUnixS: number, id = `j${String(createdUnixS)}`): Job {
  return {
    job_id: id,
    url: `/api/v1/jobs/${id}`,
    items_url: `/api/v1/jobs/${id}/items`,
    kind: "hide_faces",
    name: "",
    state: "queued",
    priority: 5,
    created_unix_s: createdUnixS,
    started_unix_s: null,
    ended_unix_s: null,
    fraction: 0,
    frames_done: 0,
    frames_total: 0,
    frames_copied: 0,
    speed_fps: 0,
    left_s: null,
    stage: "",
    items: NONE,
    problem: null,
    preview_url: null,
  };
}

import { beforeEach, describe, expect, it } from "vitest";

import type { Job } from "../api/jobs";
import { jobAt } from "../pages/jobs/jobs.fake";
import { goneJobs, hearGone, hearJob, hearJobs, jobsById, running } from "./jobs";

const works = (createdUnixS: number): Job => ({ ...jobAt(createdUnixS), state: "running" });

beforeEach(() => hearJobs({ jobs: [] }));

describe("jobs that are told", () => {
  it("are all anew at the start, and one by one afterwards", () => {
    hearJobs({ jobs: [jobAt(1), jobAt(2)] });
    hearJob(works(2));
    hearJob(works(3));
    expect([...jobsById.value.values()].map(({ state }) => state)).toEqual(["queued", "running", "running"]);
    expect(running.value).toBe(2);
  });

  it("are forgotten when they are deleted, and known to be gone", () => {
    hearJobs({ jobs: [works(1)] });
    hearGone("j1");
    expect([jobsById.value.size, running.value, goneJobs.value.has("j1")]).toEqual([0, 0, true]);
  });

  it("stay where the server can't read them now", () => {
    hearJobs({ jobs: [jobAt(1)] });
    hearJobs({ jobs: [], error: { code: "storage.failed" } });
    expect(jobsById.value.size).toBe(1);
  });

  it("are bounded, but what runs is kept however old it is", () => {
    hearJobs({ jobs: [works(0.5)] });
    for (let createdUnixS = 1; createdUnixS <= 250; createdUnixS += 1) hearJob(jobAt(createdUnixS));
    expect([jobsById.value.size, jobsById.value.has("j0.5"), jobsById.value.has("j1"), jobsById.value.has("j250")]).toEqual([200, true, false, true]);
  });
});

"""A batch job in the browser from upload to download, on a real site with real workers and models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browsing import Reader
from tests.fakes.face_clips import ASTRONAUT, Actor, Clip, make_face_clip, straight
from tests.fakes.popcam_site import Site, running_site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REFUSED = "Failed to load resource"
DONE_MS = 120_000
"""Generous: models are loaded, and the machine may be busy with other tests."""
FRAMES, FPS, WIDTH, HEIGHT = 60, 25, 480, 270

PHOTOS = "[data-test=compare-stage] img"
PHOTOS_LOADED = """() => {
  const photos = [...document.querySelectorAll("[data-test=compare-stage] img")];
  return photos.length === 2 && photos.every((photo) => photo.naturalWidth > 0);
}"""
DIFFERENCE = """(selector) => {
  const [before, after] = [...document.querySelectorAll(selector)].map((photo) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const context = canvas.getContext("2d");
    context.drawImage(photo, 0, 0, 64, 64);
    return context.getImageData(0, 0, 64, 64).data;
  });
  const sums = [0, 0];
  before.forEach((value, index) => (sums[index < before.length / 2 ? 0 : 1] += Math.abs(value - after[index])));
  return sums;
}"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A face that crosses the picture."""
    path = tmp_path_factory.mktemp("clip") / "海边 walk.mp4"
    return make_face_clip(
        path, [Actor(straight(120, 130, 110, vx=60))], frames=FRAMES, fps=FPS, width=WIDTH, height=HEIGHT
    )


@pytest.fixture(scope="module")
def site(console_dir: Path, clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    jobs = {"roots": [str(clip.path.parent)], "workers": 1}
    with running_site(folder, {}, jobs=jobs) as site:
        yield site


@pytest.fixture
def looking(someone: Reader) -> Iterator[Reader]:
    """The browser may only complain about refused requests."""
    yield someone
    assert [said for said in someone.complaints if not said.startswith(REFUSED)] == []


def wait_ended(page: Page, state: str) -> None:
    """Wait until the job that is open has ended, in this state."""
    page.wait_for_selector(
        "[data-test=job-page]:is([data-state=succeeded], [data-state=partial], [data-state=failed])", timeout=DONE_MS
    )
    assert page.get_attribute("[data-test=job-page]", "data-state") == state, page.inner_text("main")


def pictures(path: Path) -> list[Any]:
    """Luma of all frames."""
    with av.open(str(path)) as container:
        return [frame.reformat(format="gray").to_ndarray() for frame in container.decode(video=0)]


def test_from_upload_to_download(site: Site, looking: Reader, clip: Clip, tmp_path: Path) -> None:
    page = looking.page
    looking.open(f"{site.url}/jobs/new")
    page.set_input_files("[data-test=files]", clip.path)
    page.check("[data-test=style-solid]", force=True)
    page.fill("[data-test=name]", "Walk")
    page.wait_for_selector("[data-test=ready]", timeout=DONE_MS)
    page.click("[data-test=start]")
    page.wait_for_selector("[data-test=job-page]")
    wait_ended(page, "succeeded")
    row = page.locator("[data-test=file][data-state=succeeded]")
    expect(row).to_contain_text("海边 walk.mp4")
    expect(row.locator("[data-fact=faces]")).to_have_text("1")
    with page.expect_download() as download:
        page.click("[data-test=download]")
    result = tmp_path / download.value.suggested_filename
    download.value.save_as(result)
    before, after = pictures(clip.path), pictures(result)
    assert len(after) == FRAMES
    for number in range(FRAMES):
        left, top, right, bottom = clip.boxes[number][0]
        face = np.s_[int(top * HEIGHT) : int(bottom * HEIGHT), int(left * WIDTH) : int(right * WIDTH)]
        # One colour: of what the face looked like nothing is left. What is around it stays.
        assert after[number][face].std() < 6 < before[number][face].std(), number
        assert abs(after[number][-20:].mean() - before[number][-20:].mean()) < 4, number


def test_before_and_after_are_played_side_by_side(site: Site, looking: Reader, clip: Clip) -> None:
    page = looking.page
    looking.open(f"{site.url}/jobs")
    page.click("[data-test=job]")
    page.click("[data-test=compare]")
    page.wait_for_selector("[data-test=compare-videos][data-waiting=false]", timeout=DONE_MS)
    length_s = float(page.get_attribute("[data-test=compare-videos]", "data-length") or 0)
    assert length_s == pytest.approx(FRAMES / FPS, abs=0.1)
    assert page.locator(".failed:visible").count() == 0
    page.click("[data-test=play]")
    page.wait_for_function("() => [...document.querySelectorAll('video')].every(one => one.currentTime > 0.5)")


def test_a_photo_is_compared_before_and_after(site: Site, looking: Reader) -> None:
    page = looking.page
    looking.open(f"{site.url}/jobs/new")
    page.set_input_files("[data-test=files]", ASTRONAUT)
    page.wait_for_selector("[data-test=ready]", timeout=DONE_MS)
    page.click("[data-test=start]")
    page.wait_for_selector("[data-test=job-page]")
    wait_ended(page, "succeeded")
    page.click("[data-test=compare]")
    page.wait_for_function(PHOTOS_LOADED)
    sizes = page.eval_on_selector_all(PHOTOS, "all => all.map(one => [one.naturalWidth, one.naturalHeight])")
    assert sizes[0] == sizes[1]
    # The face is in the upper half: there the two differ, below they look the same.
    upper, lower = page.evaluate(DIFFERENCE, PHOTOS)
    assert upper > 3 * lower


def test_a_folder_with_a_damaged_file_ends_in_part_and_says_which(site: Site, looking: Reader, clip: Clip) -> None:
    (clip.path.parent / "torn.mp4").write_bytes(clip.path.read_bytes()[:2_000])
    page = looking.page
    looking.open(f"{site.url}/jobs/new?kind=find_faces")
    page.check("[data-test=from-server]", force=True)
    page.click("[data-test=place] .open")
    page.click("[data-test=take-here]")
    page.wait_for_selector("[data-test=ready]", timeout=DONE_MS)
    assert page.inner_text("[data-fact=files] dd") == "2"
    page.click("[data-test=start]")
    page.wait_for_selector("[data-test=job-page]")
    wait_ended(page, "partial")
    expect(page.locator("[data-test=file][data-state=failed]")).to_contain_text("torn.mp4")
    assert page.locator("[data-test=file][data-state=failed] [data-test=problems] li").count() > 0
    expect(page.locator("[data-test=file][data-state=succeeded] [data-test=download]")).to_have_count(1)


def test_deleted_jobs_leave_the_list(site: Site, looking: Reader) -> None:
    page = looking.page
    looking.open(f"{site.url}/jobs")
    expect(page.locator("[data-test=job]")).to_have_count(3)
    page.click("[data-test=job] >> nth=0")
    page.click("[data-test=delete]")
    page.click("[data-test=confirm-yes]")
    expect(page.locator("[data-test=jobs] [data-test=job]")).to_have_count(2)
    assert len(site.get("/api/v1/jobs")["items"]) == 2

"""The pages of batch jobs, on a server whose jobs a test holds in its hand: every state can be looked at."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader
from tests.fakes.job_site import JobSite, running_job_site
from tests.fakes.video_files import make_video

from popcam.core.jobs import ItemCounts, Problem

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
REFUSED = "Failed to load resource"
ROWS = "[data-test=jobs] [data-test=job]"
FRAMES, FPS = 75, 25
STAND_TOGETHER = """() => {
  const [before, after] = document.querySelectorAll("video");
  return !before.seeking && Math.abs(before.currentTime - after.currentTime) < 0.002;
}"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of video that every browser plays."""
    return make_video(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=FRAMES, fps=FPS)


@pytest.fixture(scope="module")
def running_site(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobSite]:
    with running_job_site(tmp_path_factory.mktemp("site"), console_dir) as site:
        yield site


@pytest.fixture
def site(running_site: JobSite) -> JobSite:
    """Without any job."""
    jobs = running_site.jobs
    shutil.rmtree(jobs.uploads.folder, ignore_errors=True)
    running_site.do(
        lambda: [
            kept.clear() for kept in (jobs.jobs, jobs.specs, jobs.files, jobs.previews, jobs.asked, jobs.uploads.kept)
        ]
    )
    return running_site


@pytest.fixture
def looking(someone: Reader) -> Iterator[Reader]:
    """The browser may only complain about refused requests."""
    yield someone
    assert [said for said in someone.complaints if not said.startswith(REFUSED)] == []


def make_job(site: JobSite, *files: str, **spec: Any) -> str:
    """A new job over files of the root."""
    body = {"kind": "hide_faces", "inputs": [site.file(name) for name in files or ("yard.mp4",)], **spec}
    answer = httpx.post(f"{site.url}/api/v1/jobs", json=body, timeout=60)
    answer.raise_for_status()
    job_id: str = answer.json()["job_id"]
    return job_id


def report(site: JobSite, job_id: str, **changes: Any) -> None:
    site.do(lambda: site.jobs.report(job_id, **changes))


def change_file(site: JobSite, job_id: str, place: int, **changes: Any) -> None:
    """One of its files stands so now."""

    def put() -> None:
        items = site.jobs.files[job_id]
        items[place] = msgspec.structs.replace(items[place], **changes)

    site.do(put)


def make_compared(site: JobSite, clip: Path) -> str:
    """A job that ended, whose file and result are real videos."""
    job_id = make_job(site, "yard.mp4")
    Path(site.jobs.files[job_id][0].source).write_bytes(clip.read_bytes())
    result = site.jobs.root / "yard_hidden.mp4"
    result.write_bytes(clip.read_bytes())
    site.do(lambda: site.jobs.finish(job_id))
    change_file(site, job_id, 0, output=str(result), frames=FRAMES, faces=2)
    return job_id


def video(name: str, size: int = 4_000) -> FilePayload:
    """A file to upload that begins as an MP4 does."""
    return {"name": name, "mimeType": "video/mp4", "buffer": b"\0\0\0\x20ftypisom" + bytes(size)}


def times(page: Page) -> list[float]:
    """Where both videos are."""
    found: list[float] = page.eval_on_selector_all(
        "[data-test=compare-stage] video", "all => all.map(one => one.currentTime)"
    )
    return found


# --- the form ---


def test_who_has_no_jobs_is_led_to_the_form(site: JobSite, looking: Reader) -> None:
    looking.open(f"{site.url}/")
    looking.page.click("[data-test=nav-jobs]:visible")
    looking.page.click("main .none a")
    expect(looking.page.locator("#page-title")).to_have_text("New job")
    expect(looking.page.locator("[data-test=start]")).to_be_disabled()


def test_uploaded_files_and_choices_become_a_job(site: JobSite, looking: Reader) -> None:
    looking.open(f"{site.url}/jobs/new")
    looking.page.set_input_files("[data-test=files]", [video("海边 🌊.mp4"), video("b.mp4")])
    looking.page.check("[data-test=style-solid]", force=True)
    looking.page.click("[data-test=finer-find] summary")
    looking.page.fill("[data-test=margin]", "40")
    looking.page.fill("[data-test=name]", "Holiday")
    looking.page.wait_for_selector("[data-test=ready]")
    assert looking.page.inner_text("[data-fact=files] dd") == "2"
    looking.page.click("[data-test=start]")
    looking.page.wait_for_selector("[data-test=job-page]")
    (asked,) = site.jobs.asked
    assert [site.jobs.uploads.kept[one.removeprefix("upload:")].name for one in asked.inputs] == [
        "海边 🌊.mp4",
        "b.mp4",
    ]
    assert (asked.name, asked.hide.style, asked.hide.margin, asked.encode.quality) == ("Holiday", "solid", 0.4, 20)


def test_a_file_that_is_refused_says_why_and_the_others_go_on(site: JobSite, looking: Reader) -> None:
    looking.open(f"{site.url}/jobs/new")
    fake: FilePayload = {"name": "fake.mp4", "mimeType": "video/mp4", "buffer": b"not a video at all"}
    looking.page.set_input_files("[data-test=files]", [fake, video("good.mp4")])
    looking.page.wait_for_selector("[data-test=upload][data-state=failed] [data-code='upload.not_media']")
    looking.page.wait_for_selector("[data-test=ready]")
    assert looking.page.inner_text("[data-fact=files] dd") == "1"


def test_what_is_no_medium_is_not_even_sent(site: JobSite, looking: Reader) -> None:
    looking.open(f"{site.url}/jobs/new")
    notes: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"x"}
    looking.page.set_input_files("[data-test=files]", notes)
    looking.page.wait_for_selector("text=1 left out: neither video nor photo")
    assert looking.page.locator("[data-test=upload]").count() == 0


def test_dropped_files_are_taken(site: JobSite, looking: Reader) -> None:
    looking.open(f"{site.url}/jobs/new")
    looking.page.wait_for_selector("[data-test=drop]")
    transfer = looking.page.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          const start = [0, 0, 0, 32, ...new TextEncoder().encode("ftypisom")];
          const bytes = new Uint8Array([...start, ...new Array(2000).fill(0)]);
          transfer.items.add(new File([bytes], "dropped.mp4", { type: "video/mp4" }));
          return transfer;
        }"""
    )
    looking.page.dispatch_event("[data-test=drop]", "drop", {"dataTransfer": transfer})
    looking.page.wait_for_selector("[data-test=upload][data-state=there]")
    assert [upload.name for upload in site.jobs.uploads.kept.values()] == ["dropped.mp4"]


def test_a_folder_of_the_server_is_taken_with_patterns(site: JobSite, looking: Reader) -> None:
    site.file("a.mp4")
    looking.open(f"{site.url}/jobs/new?kind=find_faces")
    looking.page.check("[data-test=from-server]", force=True)
    looking.page.click("[data-test=place] .open")
    looking.page.click("[data-test=take-here]")
    looking.page.fill("[data-test=include]", "*.mp4, *.mov")
    looking.page.wait_for_selector("[data-test=ready]")
    looking.page.click("[data-test=start]")
    looking.page.wait_for_selector("[data-test=job-page]")
    (asked,) = site.jobs.asked
    assert (asked.kind, asked.inputs, asked.include) == ("find_faces", (str(site.jobs.root),), ("*.mp4", "*.mov"))


def test_a_wrong_number_is_shown_where_it_is(site: JobSite, looking: Reader) -> None:
    looking.open(f"{site.url}/jobs/new")
    looking.page.set_input_files("[data-test=files]", [video("a.mp4")])
    looking.page.wait_for_selector("[data-test=ready]")
    looking.page.click("[data-test=finer-find] summary")
    looking.page.fill("[data-test=gap]", "99")
    looking.page.click("[data-test=finer-find] summary")  # folded away again
    looking.page.click("[data-test=start]")
    expect(looking.page.locator("[data-field=gap] [role=alert]")).to_contain_text("from 0 to 30")
    expect(looking.page.locator("[data-test=gap]")).to_be_focused()
    assert site.jobs.asked == []


# --- the list ---


def test_a_filter_stands_in_the_address_and_outlives_a_reload(site: JobSite, looking: Reader) -> None:
    make_job(site, kind="transcode")
    failed = make_job(site)
    site.do(lambda: site.jobs.finish(failed, "failed", "failed"))
    looking.open(f"{site.url}/jobs")
    expect(looking.page.locator(ROWS)).to_have_count(2)
    looking.page.select_option("[data-test=filter-state]", "failed")
    looking.page.wait_for_url("**/jobs?state=failed", wait_until="commit")
    looking.page.reload(wait_until="commit")
    expect(looking.page.locator(ROWS)).to_have_count(1)
    assert looking.page.get_attribute(ROWS, "data-job") == failed


def test_older_jobs_come_page_by_page_each_once(site: JobSite, looking: Reader) -> None:
    first = make_job(site)
    made = [first, *(f"copy{number}" for number in range(2, 36))]

    def copy() -> None:
        for number, job_id in enumerate(made, 1):
            twin = msgspec.structs.replace(site.jobs.jobs[first], job_id=job_id, created_unix_s=float(number))
            site.jobs.jobs[job_id] = twin

    site.do(copy)
    looking.open(f"{site.url}/jobs")
    expect(looking.page.locator(ROWS)).to_have_count(30)
    looking.page.click("[data-test=older]")
    expect(looking.page.locator(ROWS)).to_have_count(35)
    shown = looking.page.eval_on_selector_all(ROWS, "rows => rows.map(row => row.dataset.job)")
    assert shown == made[::-1]


def test_new_jobs_appear_and_change_by_themselves(site: JobSite, looking: Reader) -> None:
    first = make_job(site)
    looking.open(f"{site.url}/jobs")
    looking.page.wait_for_selector(ROWS)
    second = make_job(site, name="Second")
    expect(looking.page.locator(f'[data-job="{second}"]')).to_contain_text("Second")
    report(site, first, state="running", stage="finding", fraction=0.5, started_unix_s=1.0)
    expect(looking.page.locator(f'[data-job="{first}"]')).to_contain_text("Looking for faces")
    expect(looking.page.locator("[data-test=jobs-running]:visible")).to_contain_text("1 running")


# --- one job ---


def test_progress_is_shown_as_it_comes(site: JobSite, looking: Reader) -> None:
    job_id = make_job(site)
    looking.open(f"{site.url}/jobs/{job_id}")
    expect(looking.page.locator("[data-test=said]")).to_have_text("Waiting for its turn")
    running = {"state": "running", "stage": "writing", "started_unix_s": 1.0, "items": ItemCounts(running=1)}
    report(site, job_id, **running, fraction=0.426, frames_done=426, frames_total=1000, speed_fps=187.0, left_s=130.0)
    expect(looking.page.locator("[data-test=percent]")).to_have_text("42%")
    expect(looking.page.locator("[data-fact=speed] dd")).to_have_text("187 pictures/s")
    expect(looking.page.locator("[data-fact=left] dd")).to_have_text("about 2 min")
    expect(looking.page.locator("[data-fact=frames] dd")).to_have_text("426 of 1,000 pictures")
    report(site, job_id, stage="yielding")
    expect(looking.page.locator("[data-test=said]")).to_contain_text("Live cameras need the processor")


def test_a_picture_of_what_is_written_is_shown(site: JobSite, looking: Reader, clip: Path) -> None:
    with av.open(str(clip)) as container:
        frame = next(container.decode(video=0))
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuvj420p"
        jpeg = bytes(encoder.encode(frame.reformat(format="yuvj420p"))[0])
    job_id = make_job(site)
    site.do(lambda: site.jobs.previews.update({job_id: jpeg}))
    report(site, job_id, state="running", stage="writing", started_unix_s=1.0, frames_done=10, frames_total=100)
    looking.open(f"{site.url}/jobs/{job_id}")
    looking.page.wait_for_selector("[data-test=preview][data-pictures='1'] img")
    report(site, job_id, frames_done=20)
    looking.page.wait_for_selector("[data-test=preview][data-pictures='2'] img")
    assert looking.page.eval_on_selector("[data-test=preview] img", "picture => picture.naturalWidth") == 320


def test_problems_are_told_in_words_with_their_place(site: JobSite, looking: Reader) -> None:
    job_id = make_job(site, "torn.mp4", "good.mp4", name="Two")
    torn = Problem(code="source.corrupt", detail="error while decoding", start_s=12.2, end_s=15.9)
    site.do(lambda: site.jobs.finish(job_id, "partial"))
    change_file(
        site, job_id, 0, state="partial", problems=(torn, msgspec.structs.replace(torn, start_s=80.0, end_s=None))
    )
    report(site, job_id, items=ItemCounts(partial=1, succeeded=1))
    looking.open(f"{site.url}/jobs/{job_id}")
    told = looking.page.locator("[data-test=file][data-state=partial] [data-code='source.corrupt']")
    expect(told).to_have_count(2)
    expect(told.nth(0)).to_contain_text("The video is damaged0:12 to 0:16")
    expect(told.nth(1)).to_contain_text("at 1:20")
    looking.page.select_option("[data-test=files-state]", "partial")
    expect(looking.page.locator("[data-test=file]")).to_have_count(1)
    looking.page.click("[data-test=language]")
    expect(looking.page.locator("[data-test=said]")).to_contain_text("部分文件有问题")


def test_files_follow_the_job_and_come_page_by_page(site: JobSite, looking: Reader) -> None:
    job_id = make_job(site, *(f"{number:02}.mp4" for number in range(60)))
    report(site, job_id, state="running", stage="writing", started_unix_s=1.0)
    looking.open(f"{site.url}/jobs/{job_id}")
    expect(looking.page.locator("[data-test=file]")).to_have_count(50)
    looking.page.click("[data-test=more-files]")
    expect(looking.page.locator("[data-test=file]")).to_have_count(60)
    site.do(lambda: site.jobs.finish(job_id))
    expect(looking.page.locator("[data-test=file][data-state=succeeded]")).to_have_count(60)


def test_what_was_known_of_a_lost_server_is_not_told_as_fact(
    console_dir: Path, tmp_path: Path, someone: Reader
) -> None:
    with running_job_site(tmp_path, console_dir) as site:
        job_id = make_job(site)
        report(site, job_id, state="running", stage="writing", started_unix_s=1.0, speed_fps=80.0, left_s=200.0)
        someone.open(f"{site.url}/jobs/{job_id}")
        someone.page.wait_for_selector("[data-fact=speed]")
        site.close()
        expect(someone.page.locator("[data-fact=speed]")).to_have_count(0, timeout=45_000)
        assert someone.page.locator("[data-test=job-page] .badge.quiet").count() > 0


def test_cancelling_asks_and_the_job_can_be_taken_up_again(site: JobSite, looking: Reader) -> None:
    job_id = make_job(site)
    report(site, job_id, state="running", stage="writing", started_unix_s=1.0)
    looking.open(f"{site.url}/jobs/{job_id}")
    looking.page.click("[data-test=cancel]")
    looking.page.click("[data-test=confirm-no]")
    assert site.jobs.jobs[job_id].state == "running"
    looking.page.click("[data-test=cancel]")
    looking.page.click("[data-test=confirm-yes]")
    looking.page.wait_for_selector("[data-test=job-page][data-state=cancelled]")
    looking.page.click("[data-test=retry-job]")
    looking.page.wait_for_selector("[data-test=job-page][data-state=queued]")
    assert site.jobs.jobs[job_id].state == "queued"


def test_a_deleted_job_leads_back_to_the_list_without_it(site: JobSite, looking: Reader) -> None:
    kept, deleted = make_job(site), make_job(site)
    site.do(lambda: site.jobs.finish(deleted))
    looking.open(f"{site.url}/jobs/{deleted}")
    looking.page.click("[data-test=delete]")
    looking.page.click("[data-test=confirm-yes]")
    looking.page.wait_for_url("**/jobs", wait_until="commit")
    expect(looking.page.locator(ROWS)).to_have_count(1)
    assert looking.page.get_attribute(ROWS, "data-job") == kept


def test_a_job_that_somebody_else_deleted_says_so(site: JobSite, looking: Reader) -> None:
    job_id = make_job(site)
    site.do(lambda: site.jobs.finish(job_id))
    looking.open(f"{site.url}/jobs/{job_id}")
    looking.page.wait_for_selector("[data-test=file]")
    httpx.delete(f"{site.url}/api/v1/jobs/{job_id}", timeout=60).raise_for_status()
    looking.page.wait_for_selector("text=There is no such job")
    looking.open(f"{site.url}/jobs/never-was")
    looking.page.wait_for_selector("text=There is no such job")


def test_priority_is_changed_while_it_waits(site: JobSite, looking: Reader) -> None:
    job_id = make_job(site)
    looking.open(f"{site.url}/jobs/{job_id}")
    looking.page.select_option("[data-test=priority]", "high")
    looking.page.wait_for_selector("[data-test=toasts] [data-tone=good]")
    assert site.jobs.jobs[job_id].priority == 8


def test_a_result_is_downloaded_under_its_name(site: JobSite, looking: Reader, clip: Path) -> None:
    job_id = make_compared(site, clip)
    looking.open(f"{site.url}/jobs/{job_id}")
    with looking.page.expect_download() as download:
        looking.page.click("[data-test=download]")
    assert download.value.suggested_filename == "yard_hidden.mp4"
    assert Path(download.value.path()).read_bytes() == clip.read_bytes()


# --- before and after ---


def test_the_border_follows_mouse_and_arrow_keys(site: JobSite, looking: Reader, clip: Path) -> None:
    job_id = make_compared(site, clip)
    looking.open(f"{site.url}/jobs/{job_id}")
    looking.page.click("[data-test=compare]")
    looking.page.wait_for_selector("[data-test=compare-videos][data-waiting=false]")
    stage = looking.page.locator("[data-test=compare-stage]")
    box = stage.bounding_box()
    assert box is not None
    looking.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    looking.page.mouse.down()
    looking.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60, steps=4)
    looking.page.mouse.up()
    assert float(stage.get_attribute("data-border") or 0) == pytest.approx(25, abs=0.5)
    looking.page.keyboard.press("ArrowRight")
    looking.page.keyboard.press("ArrowRight")
    assert float(stage.get_attribute("data-border") or 0) == pytest.approx(27, abs=0.7)
    clipped = looking.page.eval_on_selector(".after", "layer => getComputedStyle(layer).clipPath")
    assert "27" in clipped
    looking.page.keyboard.press("Escape")
    expect(looking.page.locator("[data-test=compare-dialog]")).to_have_count(0)
    assert "compare" not in looking.page.url


def test_both_videos_play_as_one_and_stand_on_the_same_picture(site: JobSite, looking: Reader, clip: Path) -> None:
    job_id = make_compared(site, clip)
    looking.open(f"{site.url}/jobs/{job_id}?compare=1")
    looking.page.wait_for_selector("[data-test=compare-videos][data-waiting=false]")
    looking.page.keyboard.press("Space")
    looking.page.wait_for_function("() => [...document.querySelectorAll('video')].every(one => one.currentTime > 1)")
    before_s, after_s = times(looking.page)
    assert abs(before_s - after_s) < 0.15
    looking.page.keyboard.press("Space")
    looking.page.wait_for_selector("[data-test=compare-videos][data-playing=false]")
    looking.page.wait_for_function(STAND_TOGETHER)
    stood_s = times(looking.page)[0]
    looking.page.click("[data-test=step-on]")
    looking.page.wait_for_function(f"() => document.querySelector('video').currentTime > {stood_s}")
    assert times(looking.page)[0] == pytest.approx(times(looking.page)[1], abs=0.002)
    assert times(looking.page)[0] == pytest.approx(stood_s + 1 / FPS, abs=0.6 / FPS)


def test_at_the_end_it_stops_and_plays_again_from_the_start(site: JobSite, looking: Reader, clip: Path) -> None:
    job_id = make_compared(site, clip)
    looking.open(f"{site.url}/jobs/{job_id}?compare=1")
    looking.page.wait_for_selector("[data-test=compare-videos][data-waiting=false]")
    looking.page.eval_on_selector(
        "[data-test=seek]", "seek => { seek.value = 2.6; seek.dispatchEvent(new Event('input')); }"
    )
    looking.page.click("[data-test=play]")
    looking.page.wait_for_selector("[data-test=compare-videos][data-playing=true]")
    looking.page.wait_for_selector("[data-test=compare-videos][data-playing=false]")
    looking.page.click("[data-test=play]")
    looking.page.wait_for_function(
        "() => { const now = document.querySelector('video').currentTime; return now > 0.1 && now < 2; }"
    )


def test_a_format_that_the_browser_cant_play_is_said_and_can_be_downloaded(site: JobSite, looking: Reader) -> None:
    job_id = make_job(site)
    site.do(lambda: site.jobs.finish(job_id))
    looking.open(f"{site.url}/jobs/{job_id}?compare=1")
    expect(looking.page.locator(".failed.after")).to_contain_text("This browser can't play the format")
    assert "download=true" in (looking.page.get_attribute("[data-test=compare-download]", "href") or "")


def test_a_finger_moves_the_border_on_a_phone(site: JobSite, browser: Browser, clip: Path) -> None:
    job_id = make_compared(site, clip)
    with reader(browser, **PHONE) as someone:
        someone.open(f"{site.url}/jobs/{job_id}?compare=1")
        someone.page.wait_for_selector("[data-test=compare-videos][data-waiting=false]")
        stage = someone.page.locator("[data-test=compare-stage]")
        box = stage.bounding_box()
        assert box is not None
        someone.page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
        assert float(stage.get_attribute("data-border") or 0) == pytest.approx(80, abs=1)


# --- everybody can use it ---


@pytest.mark.parametrize(
    ("locale", "scheme", "screen"),
    [("en-US", "light", "desk"), ("zh-CN", "dark", "desk"), ("en-US", "dark", "phone"), ("zh-CN", "light", "phone")],
)
def test_nothing_keeps_people_out(
    site: JobSite, browser: Browser, clip: Path, locale: str, scheme: str, screen: str
) -> None:
    job_id = make_compared(site, clip)
    running = make_job(site, "a_very_long_name_" * 8 + ".mp4", name="夏令营 2026")
    report(site, running, state="running", stage="finding", started_unix_s=1.0, fraction=0.3)
    size = PHONE if screen == "phone" else {"viewport": {"width": 1280, "height": 800}}
    with reader(browser, **size, locale=locale, color_scheme=scheme) as someone:
        for path, there in (
            ("/jobs", ROWS),
            ("/jobs/new", "[data-test=drop]"),
            (f"/jobs/{running}", "[data-test=file]"),
            (f"/jobs/{job_id}?compare=1", "[data-test=compare-videos][data-waiting=false]"),
        ):
            someone.open(site.url + path)
            someone.page.wait_for_selector(there)
            width_px = someone.page.evaluate("document.documentElement.scrollWidth")
            assert (access_faults(someone.page), width_px <= size["viewport"]["width"]) == ([], True), path
        assert json.dumps([said for said in someone.complaints if not said.startswith(REFUSED)]) == "[]"

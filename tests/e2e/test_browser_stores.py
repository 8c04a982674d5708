"""Where cameras are kept fails, or holds 500 of them, and people work by the page: what they see, and what is there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browsing import Reader
from tests.e2e.test_store_faults import CAMERAS, RESTING, settings_of, site_on
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.small_disk import fill, remount, small_disk_at

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MANY = 500
REFUSED = "Failed to load resource"
"""What the browser itself says of each answer that is no success."""


@pytest.fixture
def page(console_dir: Path, someone: Reader) -> Iterator[Page]:
    """The browser may only complain about refused requests."""
    assert console_dir.is_dir()
    yield someone.page
    assert [said for said in someone.complaints if not said.startswith(REFUSED)] == []


def expect_failure(page: Page, code: str) -> None:
    """Title, hint and code stand in the place of the action."""
    fault = page.locator(f'.fault[data-code="{code}"]')
    expect(fault).to_be_visible(timeout=45_000)
    assert fault.locator(".hint").inner_text()


def type_name(page: Page, site: Site, camera_id: str, name: str) -> None:
    """Open a camera's settings and write another name."""
    page.goto(f"{site.url}/cameras/{camera_id}/settings", wait_until="commit")
    field = page.locator("[data-setting=name] input")
    field.fill(name, timeout=45_000)
    field.blur()


def save(page: Page) -> None:
    page.click("[data-test=save]")
    page.wait_for_selector('[data-test=save-bar][data-changes="0"]', timeout=45_000)


def test_a_camera_that_a_full_disk_refuses_is_not_there_and_what_was_typed_is(page: Page, tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk") as disk, site_on(disk, tmp_path, "file") as site:
        before = settings_of(site)
        page.goto(f"{site.url}/cameras/new", wait_until="commit")
        page.locator("label:has([data-test=kind-demo])").click()
        page.fill("[data-test=name]", "Gate 闸门")
        fill(disk / "filler")
        page.click("[data-test=save]")
        expect_failure(page, "camera.store_full")
        assert settings_of(site) == before
        (disk / "filler").unlink()
        assert page.input_value("[data-test=name]") == "Gate 闸门"
        page.click("[data-test=save]")
        page.wait_for_url("**/cameras/gate*", wait_until="commit")
        assert set(settings_of(site)) == {*before, "gate"}


def test_a_change_that_a_read_only_file_refuses_is_kept_on_the_page_until_it_can_be_saved(
    page: Page, tmp_path: Path
) -> None:
    with small_disk_at(tmp_path / "disk") as disk, site_on(disk, tmp_path, "file") as site:
        before = settings_of(site)
        type_name(page, site, "a", "Another name")
        remount(disk, "ro")
        page.click("[data-test=save]")
        expect_failure(page, "camera.store_read_only")
        assert settings_of(site) == before
        expect(page.locator("[data-test=save-bar]")).to_have_attribute("data-changes", "1")
        remount(disk, "rw")
        save(page)
        assert settings_of(site)["a"]["name"] == "Another name"


def test_an_operation_that_a_read_only_file_refuses_leaves_the_camera_as_it_was(page: Page, tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk") as disk, site_on(disk, tmp_path, "file") as site:
        page.goto(f"{site.url}/cameras/a", wait_until="commit")
        page.click("[data-test=op-more]")
        remount(disk, "ro")
        page.click("[data-test=op-deactivate]")
        expect_failure(page, "camera.store_read_only")
        assert site.camera("a")["active"]
        remount(disk, "rw")


def test_a_change_that_a_read_only_database_refuses_says_why(page: Page, tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "1m") as disk:
        with site_on(disk, tmp_path, "database"):
            pass  # makes the database
        remount(disk, "ro")
        with site_on(disk, tmp_path, "database") as site:
            before = settings_of(site)
            type_name(page, site, "b", "Another name")
            page.click("[data-test=save]")
            expect_failure(page, "database.read_only")
            assert settings_of(site) == before == settings_of(site)
            assert CAMERAS.keys() == before.keys()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Five hundred cameras in a file; none runs."""
    cameras = {f"cam-{number}": {"name": f"Camera {number}", **RESTING} for number in range(MANY)}
    with running_site(tmp_path_factory.mktemp("crowded"), cameras, workers={"count": 1}) as site:
        yield site


@pytest.fixture
def wall(crowded: Site, page: Page) -> Page:
    """The wall with all of them, in a window beside the page."""
    wall = page.context.new_page()
    wall.goto(crowded.url, wait_until="commit")
    wall.wait_for_function(f"() => document.querySelectorAll('[data-camera]').length === {MANY}", timeout=30_000)
    return wall


def test_one_of_500_cameras_is_found_by_its_name_and_opened(crowded: Site, wall: Page) -> None:
    wall.fill("[data-test=search]", "camera 444")
    wall.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 1")
    wall.click('[data-camera="cam-444"] [data-test=open]')
    wall.wait_for_selector('[data-focus="cam-444"]')


def test_one_of_500_cameras_is_renamed_started_and_stopped_and_the_wall_follows(
    crowded: Site, page: Page, wall: Page
) -> None:
    tile = wall.locator('[data-camera="cam-321"]')
    type_name(page, crowded, "cam-321", "Loading dock")
    save(page)
    expect(tile.locator(".name")).to_have_text("Loading dock")
    page.click("[data-test=op-start]")
    expect(tile).to_have_attribute("data-camera-state", "running", timeout=30_000)
    page.click("[data-test=op-stop]")
    expect(tile).to_have_attribute("data-camera-state", "stopped", timeout=45_000)
    assert crowded.camera("cam-321")["name"] == "Loading dock"
    assert crowded.camera("cam-322")["name"] == "Camera 322"

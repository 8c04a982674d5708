"""Settings in a real Chromium: changed rightly and wrongly, as a form and as text, while the file is edited by hand."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.browsing import Reader, reader
from tests.e2e.settings_house import SettingsHouse

pytestmark = pytest.mark.browser

TEXT = """\
# The settings of our house.
server:
  port: 18080  # agreed with the neighbours
log:
  level: info

cameras:
  door:  # at the front
    name: Front door
    source:
      url: "demo:"
      username: admin
      password: s3cret
"""
BANNER = "[data-test=refused-banner]"
AREA = "[data-test=yaml-text]"


@pytest.fixture
def house(console_dir: Path, tmp_path: Path) -> Iterator[SettingsHouse]:
    house = SettingsHouse(tmp_path, console_dir, TEXT, {"POPCAM_EVENTS__MAX_COUNT": "5000"}).start()
    yield house
    house.stop()


@pytest.fixture
def page(house: SettingsHouse, someone: Reader) -> Iterator[Page]:
    """The settings page, open. Whatever the browser complains about fails the test."""
    someone.open(f"{house.url}/settings")
    someone.page.wait_for_selector("[data-test=form-tab] [data-setting='log.level']")
    yield someone.page
    told = [text for text in someone.complaints if "status of 4" not in text]  # refusals that a test asked for
    assert told == []


def until(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Wait until something outside the page holds."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"not in time: {what}"
        time.sleep(0.05)


def choose(page: Page, level: str) -> None:
    page.locator("[data-setting='log.level']").get_by_text(level, exact=True).click()


def open_text(page: Page) -> None:
    page.click("[data-test=tab-yaml]")
    page.wait_for_selector(AREA)


def write(page: Page, old: str, new: str) -> None:
    """Edit the text as somebody types it: in one piece, where it stands."""
    text = page.input_value(AREA)
    assert old in text
    page.fill(AREA, text.replace(old, new))


def save_text(page: Page) -> None:
    page.click("[data-test=yaml-save]")
    page.click("[data-test=review-yes]")


# --- the form ---


def test_a_right_change_is_applied_and_the_file_keeps_its_words(page: Page, house: SettingsHouse) -> None:
    choose(page, "Everything")
    page.click("[data-test=save]")
    expect(page.get_by_text("In force now: log.level.")).to_be_visible()
    assert house.path.read_text() == TEXT.replace("level: info", "level: debug")


def test_each_setting_says_who_decided_it_and_what_waits(page: Page, house: SettingsHouse) -> None:
    port = page.locator("[data-setting='server.port']")
    expect(port).to_contain_text("from the file, line 3")
    expect(port).to_contain_text("needs a restart")
    port.locator("input").fill("18081")
    port.locator("input").blur()
    page.click("[data-test=save]")
    expect(page.locator("[data-test=needs-restart]")).to_contain_text("server.port")
    expect(port).to_contain_text("waits for a restart; now 18080")
    assert "  port: 18081  # agreed with the neighbours\n" in house.path.read_text()


def test_what_a_variable_decides_can_not_be_changed(page: Page) -> None:
    page.check("[data-test=advanced]")
    field = page.locator("[data-setting='events.max_count']")
    expect(field.locator("[data-test=fixed]")).to_contain_text("POPCAM_EVENTS__MAX_COUNT")
    expect(field.locator("input")).to_be_disabled()


def test_a_wrong_value_is_told_at_its_field(page: Page, house: SettingsHouse) -> None:
    port = page.locator("[data-setting='server.port']")
    port.locator("input").fill("70000")
    port.locator("input").blur()
    expect(port.locator("[data-test=reason]")).to_contain_text("at most 65535")
    page.click("[data-test=save]")
    expect(page.get_by_text("Correct what is marked first.")).to_be_visible()
    assert house.path.read_text() == TEXT


def test_the_slower_of_two_forms_sees_what_changed(page: Page, house: SettingsHouse) -> None:
    house.path.write_text(TEXT.replace("level: info", "level: warning"))
    page.wait_for_timeout(600)
    choose(page, "Errors only")
    page.click("[data-test=save]")
    expect(page.locator("[data-conflict='log.level']")).to_contain_text("both changed")
    page.click("[data-test=apply-mine]")
    expect(page.get_by_text("In force now: log.level.")).to_be_visible()
    assert "level: error" in house.path.read_text()


# --- the text ---


def test_the_text_hides_secrets_and_keeps_them(page: Page, house: SettingsHouse) -> None:
    open_text(page)
    assert "s3cret" not in page.input_value(AREA)
    write(page, "name: Front door", "name: 前门")
    save_text(page)
    expect(page.get_by_text("Cameras: door.")).to_be_visible()
    assert house.path.read_text() == TEXT.replace("name: Front door", "name: 前门")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("level: info", "levle: info", 5, "did you mean level?"),
        ("log:", "server:", 4, "the key stands here twice, first in line 2"),
        ("  level", "\tlevel", 5, "tabs can't indent YAML"),
        ("port: 18080", "port: lots", 3, "must be a whole number"),
        ("cameras:", "cameras: [", 0, "not valid YAML"),
    ],
    ids=["typo", "twice", "tab", "value", "half"],
)
def test_mistakes_are_marked_while_typing(
    page: Page, house: SettingsHouse, old: str, new: str, line: int, reason: str
) -> None:
    open_text(page)
    write(page, old, new)
    problems = page.locator("[data-test=yaml-problems][data-state=bad]")
    expect(problems).to_contain_text(reason)
    if line:
        expect(page.locator(f"[data-wrong-line='{line}']")).to_be_visible()
    save_text(page)
    expect(page.locator("[data-code='config.text_invalid']")).to_be_visible()
    assert house.path.read_text() == TEXT


def test_the_reason_leads_to_its_place(page: Page) -> None:
    open_text(page)
    write(page, "level: info", "levle: info")
    page.click("[data-test=problem]")
    at = page.evaluate(f"document.querySelector('{AREA}').selectionStart")
    assert page.input_value(AREA)[at:].startswith("levle")


def test_changed_lines_are_shown_before_they_are_saved(page: Page, house: SettingsHouse) -> None:
    open_text(page)
    write(page, "port: 18080", "port: 18081")
    page.click("[data-test=yaml-save]")
    expect(page.locator("[data-test=diff] tr.gone")).to_contain_text("port: 18080")
    expect(page.locator("[data-test=diff] tr.new")).to_contain_text("port: 18081")
    page.click("[data-test=review-no]")
    assert house.path.read_text() == TEXT
    expect(page.locator("[data-test=yaml-bar]")).to_have_attribute("data-dirty", "true")


def test_keys_indent_and_let_one_leave(page: Page) -> None:
    open_text(page)
    page.focus(AREA)
    page.evaluate(f"document.querySelector('{AREA}').setSelectionRange(0, 0)")
    page.keyboard.press("Tab")
    assert page.input_value(AREA).startswith("  # The settings")
    page.keyboard.press("Shift+Tab")
    assert page.input_value(AREA).startswith("# The settings")
    page.keyboard.press("Control+z")
    assert page.input_value(AREA).startswith("  # The settings")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "TEXTAREA"


def test_the_slower_of_two_texts_is_asked(page: Page, house: SettingsHouse) -> None:
    open_text(page)
    write(page, "level: info", "level: debug")
    house.path.write_text(TEXT.replace("port: 18080", "port: 18082"))
    save_text(page)
    conflict = page.locator("[data-test=text-conflict]")
    expect(conflict).to_contain_text("server.port")
    expect(conflict).to_contain_text("18080 → 18082")
    page.click("[data-test=take-theirs]")
    expect(page.locator(AREA)).to_have_value(page.input_value(AREA))
    assert "port: 18082" in page.input_value(AREA)
    assert "level: info" in page.input_value(AREA)


def test_what_was_typed_survives_a_look_at_another_tab(page: Page) -> None:
    open_text(page)
    write(page, "level: info", "level: debug")
    page.click("[data-test=tab-about]")
    expect(page.locator("[data-test=version]")).to_be_visible()
    open_text(page)
    assert "level: debug" in page.input_value(AREA)
    page.click("[data-test=yaml-discard]")


def test_changes_of_different_lines_are_kept_together(page: Page, house: SettingsHouse) -> None:
    open_text(page)
    write(page, "name: Front door", "name: Gate")
    house.path.write_text(TEXT.replace("port: 18080", "port: 18082"))
    save_text(page)
    page.click("[data-test=apply-mine]")
    expect(page.locator("[data-test=text-conflict]")).to_have_count(0)
    save_text(page)
    expect(page.get_by_text("Cameras: door.")).to_be_visible()
    assert house.path.read_text() == TEXT.replace("port: 18080", "port: 18082").replace(
        "name: Front door", "name: Gate"
    )


# --- edits by hand ---


def test_a_refused_edit_by_hand_is_told_on_every_page_and_vanishes_when_mended(
    house: SettingsHouse, someone: Reader
) -> None:
    page = someone.page
    someone.open(house.url)
    house.path.write_text(TEXT.replace("  level", "\tlevel"))
    expect(page.locator(BANNER)).to_contain_text("Line 5, column 1")
    expect(page.locator(BANNER)).to_contain_text("tabs can't indent YAML")
    page.click(f"{BANNER} a")
    expect(page.locator("[data-wrong-line='5']")).to_be_visible()
    write(page, "\tlevel", "  level")
    save_text(page)
    expect(page.locator(BANNER)).to_have_count(0)
    assert house.path.read_text() == TEXT


@pytest.mark.slow
def test_a_mistake_mended_by_hand_takes_its_banner_along(page: Page, house: SettingsHouse) -> None:
    house.path.write_text(TEXT.replace("level", "levle"))
    expect(page.locator(BANNER)).to_contain_text("did you mean level?", timeout=45_000)
    house.path.write_text(TEXT)
    expect(page.locator(BANNER)).to_have_count(0, timeout=45_000)


# --- what runs here ---


def test_cameras_are_read_again_and_said_what_changed(page: Page, house: SettingsHouse) -> None:
    page.click("[data-test=tab-about]")
    expect(page.locator("[data-test=store]")).to_have_attribute("data-kind", "file")
    expect(page.locator("[data-test=store]")).to_contain_text(str(house.path))
    page.click("[data-test=refresh-cameras]")
    expect(page.locator("[data-test=refreshed]")).not_to_be_empty()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_cameras_in_the_database_are_told_of_before_and_after_a_text_is_saved(
    browser: Browser, console_dir: Path, tmp_path: Path, locale: str
) -> None:
    text = TEXT.replace("cameras:\n", "camera_store: database\n\ncameras:\n  gate:\n    source: 'demo:'\n")
    house = SettingsHouse(tmp_path, console_dir, text, {}).start()
    try:
        with reader(browser, viewport={"width": 1440, "height": 900}, locale=locale) as someone:
            page = someone.page
            someone.open(f"{house.url}/settings")
            page.click("[data-test=tab-yaml]")
            note = "database" if locale == "en-US" else "数据库"
            expect(page.locator("[data-test=yaml-database]")).to_contain_text(note)
            page.fill(AREA, page.input_value(AREA).replace("  gate:\n    source: 'demo:'\n", ""))
            page.click("[data-test=yaml-save]")
            page.click("[data-test=review-yes]")
            expect(page.get_by_text("gate").last).to_be_visible()
            expect(page.get_by_text("Still there" if locale == "en-US" else "仍然存在")).to_be_visible()
    finally:
        house.stop()


def test_without_a_file_the_page_says_so(browser: Browser, console_dir: Path, tmp_path: Path) -> None:
    house = SettingsHouse(tmp_path, console_dir, None, {}).start()
    try:
        with reader(browser, viewport={"width": 390, "height": 844}, locale="zh-CN") as someone:
            someone.open(f"{house.url}/settings")
            expect(someone.page.locator("[data-test=no-file]")).to_contain_text("未使用配置文件")
            expect(someone.page.locator("[data-test=tab-yaml]")).to_have_count(0)
            expect(someone.page.locator("[data-setting='server.port'] input")).to_be_disabled()
            assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        house.stop()

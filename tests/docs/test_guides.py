"""What the guides say is so: links lead somewhere, settings load, commands exist, both languages say the same."""

import configparser
import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from fastapi.routing import APIRoute, APIWebSocketRoute
from tests.docs.guide_pages import GUIDES, ROOT, Block, Page, guides, page, popcam_lines

from popcam.cli.main import app
from popcam.cli.say import INTERRUPTED
from popcam.config.loading import load_settings
from popcam.config.model import Settings
from popcam.config.shape import type_at
from popcam.core.errors import all_errors
from popcam.core.language import Language
from popcam.core.spec import CameraSpec
from popcam.server.app import ROUTERS

WORDS = ROOT / "web" / "src" / "i18n"
NOT_MET = {"architecture.violation"}
"""Failures that only people who change popcam meet."""
PAGES = guides("en") + guides("zh")
LINKING = [
    *PAGES,
    *(page(path) for path in sorted((ROOT / "docs").glob("*/*.md")) if path.parent != GUIDES),
    *(page(ROOT / name) for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]
READMES = [page(ROOT / name) for name in ("README.md", "README.zh-CN.md")]
BLOCKS = [(one.path.name, block) for one in PAGES + READMES for block in one.blocks]
SECTIONS = {"source", "sub_source", "decode", "gate", "detect", "track", "act", "preview", "record"}
TOP_SECTIONS = {"server", "workers", "inference", "events", "jobs", "log", "alerts", "monitoring", "cache", "mqtt"}
ADDRESSES = {
    re.sub(r"\{[^}]*\}", "{}", route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute | APIWebSocketRoute)
}


def of_page(found: Page) -> str:
    return str(found.path.relative_to(ROOT))


def of_block(value: object) -> str:
    return f"line-{value.line}" if isinstance(value, Block) else str(value)


def blocks(*languages: str) -> list[tuple[str, Block]]:
    return [(name, block) for name, block in BLOCKS if block.language in languages]


def pair(english: Page) -> Page:
    return page(english.path.with_name(f"{english.path.stem}.zh-CN.md"))


# --- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", LINKING, ids=of_page)
def test_every_link_leads_somewhere(found: Page) -> None:
    for target in found.links:
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", name):
            assert name.startswith("https://"), target
            continue
        path = (found.path.parent / name).resolve() if name else found.path
        assert path.exists(), target
        assert path.is_relative_to(ROOT), target
        if anchor:
            assert anchor in page(path).anchors, target


@pytest.mark.parametrize("found", PAGES, ids=of_page)
def test_a_page_leads_to_its_other_language_and_to_the_index(found: Page) -> None:
    chinese = found.path.name.endswith(".zh-CN.md")
    stem = found.path.name.removesuffix(".zh-CN.md" if chinese else ".md")
    assert (f"{stem}.md" if chinese else f"{stem}.zh-CN.md") in found.links
    if stem != "README":
        assert ("README.zh-CN.md" if chinese else "README.md") in found.links


@pytest.mark.parametrize("found", PAGES, ids=of_page)
def test_links_stay_in_their_language(found: Page) -> None:
    chinese = found.path.name.endswith(".zh-CN.md")
    body = found.prose.split("\n", 4)[-1]  # below the line with the other language
    for target in re.findall(r"\]\(([^)#]+\.md)", body):
        if not target.endswith("errors.md"):  # one page in both languages
            assert target.endswith(".zh-CN.md") == chinese, target


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_index_names_every_guide_and_the_readme_the_index(language: str) -> None:
    suffix = ".zh-CN.md" if language == "zh" else ".md"
    index = page(GUIDES / f"README{suffix}")
    names = {found.path.name for found in guides(language)} - {index.path.name}
    assert names <= set(index.links)
    assert f"docs/guide/README{suffix}" in page(ROOT / f"README{suffix}").links


# --- both languages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("english", guides("en"), ids=of_page)
def test_both_languages_have_the_same_structure(english: Page) -> None:
    chinese = pair(english)
    assert [heading.level for heading in chinese.headings] == [heading.level for heading in english.headings]
    assert [block.language for block in chinese.blocks] == [block.language for block in english.blocks]
    for mark in (r"^\|", r"^\d+\. ", r"^ *- "):
        counts = [len(re.findall(mark, one.prose, re.MULTILINE)) for one in (english, chinese)]
        assert counts[0] == counts[1], mark


def test_no_page_lacks_its_other_language() -> None:
    assert {pair(english).path for english in guides("en")} == {chinese.path for chinese in guides("zh")}


@pytest.mark.parametrize("english", guides("en"), ids=of_page)
def test_what_is_run_is_the_same_in_both_languages(english: Page) -> None:
    def bare(block: Block) -> str:
        return re.sub(r'"""[^"]*"""|#.*| +$', "", block.text, flags=re.MULTILINE)

    shown = [[bare(block) for block in one.runnable()] for one in (english, pair(english))]
    assert [text.split() for text in shown[0]] == [text.split() for text in shown[1]]


# --- what the pages print -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "block"), blocks("yaml"), ids=of_block)
def test_settings_load(name: str, block: Block, tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text(block.text, "utf-8")
    assert load_settings(file, env={}).path == file, name


@pytest.mark.parametrize(("name", "block"), blocks("json"), ids=of_block)
def test_json_is_json(name: str, block: Block) -> None:
    assert json.loads(block.text), name


COMMANDS = [(name, words) for name, block in blocks("sh", "powershell") for words in popcam_lines(block.text)] + [
    (one.path.name, words[1:])
    for one in PAGES + READMES
    for span in one.spans
    if span.startswith("popcam ") and "..." not in span
    for words in [shlex.split(span)]
]


@pytest.mark.parametrize(("name", "words"), COMMANDS, ids=lambda value: " ".join(value)[:60])
def test_commands_exist_with_their_options(name: str, words: list[str]) -> None:
    command, left = typer.main.get_command(app), list(words)
    while hasattr(command, "commands"):
        assert left, f"{name}: popcam {' '.join(words)}"
        command = command.commands[left.pop(0)]
    command.make_context("popcam", left)  # raises for what it does not know; nothing is carried out


@pytest.mark.parametrize("found", PAGES, ids=of_page)
def test_settings_that_are_named_exist(found: Page) -> None:
    codes = {error.code for error in all_errors()}
    for span in found.spans:
        if span in codes:
            continue
        key = re.sub(r"[:=].*", "", span).strip()
        if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", key):
            continue
        path = tuple(key.split("."))
        if path[0] in SECTIONS and type_at(CameraSpec, path) is None:
            pytest.fail(f"no such setting of a camera: {span}")
        if path[0] in TOP_SECTIONS and type_at(Settings, path) is None:
            pytest.fail(f"no such setting: {span}")


@pytest.mark.parametrize("found", PAGES, ids=of_page)
def test_addresses_that_are_named_exist(found: Page) -> None:
    named = [span for span in found.spans if re.match(r"/(api|health|ready|status)\b", span)]
    unknown = [span for span in named if re.sub(r"\{[^}]*\}", "{}", span) not in ADDRESSES | {"/api/openapi.json"}]
    assert unknown == []


@pytest.mark.parametrize(("name", "block"), blocks("ini"), ids=of_block)
def test_the_unit_of_the_service_starts_what_exists(name: str, block: Block) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(block.text)
    service = unit["Service"]
    assert set(unit) == {"DEFAULT", "Unit", "Service", "Install"}, name
    (words,) = popcam_lines(service["ExecStart"])
    assert words[0] == "serve"
    variables = dict(re.findall(r"^Environment=(POPCAM_\w+)=(\S+)$", block.text, re.MULTILINE))
    settings = load_settings(None, env=variables)
    assert {str(settings.data_dir), str(settings.runtime_dir), str(settings.log_dir)} == set(variables.values())


# --- troubleshooting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_failure_has_its_place_in_troubleshooting_and_none_is_stale(language: Language) -> None:
    found = page(GUIDES / f"troubleshooting{'.zh-CN' if language == 'zh' else ''}.md")
    expected = {
        error.title.in_language(language): error.code
        for error in all_errors()
        if error.__module__.startswith("popcam.core.errors") and error.code not in NOT_MET
    }
    headed = re.findall(r"^### (.+)\n\n`([a-z_.]+)`$", found.prose, re.MULTILINE)
    assert dict(headed) == expected
    assert len(headed) == len([heading for heading in found.headings if heading.level == 3])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_failure_says_what_it_means_and_what_to_do(language: str) -> None:
    found = page(GUIDES / f"troubleshooting{'.zh-CN' if language == 'zh' else ''}.md")
    entries = re.split(r"^#{2,3} .+\n", found.prose, flags=re.MULTILINE)
    told = [entry for entry in entries if re.match(r"\n`[a-z_.]+`\n", entry)]
    assert len(told) > 70
    for entry in told:
        code, meaning, steps = entry.strip().split("\n\n", 2)
        assert len(meaning) > 8, code
        assert re.match(r"(1\.|-) ", steps), code


def test_entries_stand_in_the_same_order() -> None:
    codes = [
        re.findall(r"^`([a-z]+(?:\.[a-z_]+)?)`$", page(GUIDES / name).prose, re.MULTILINE)
        for name in ("troubleshooting.md", "troubleshooting.zh-CN.md")
    ]
    assert codes[0] == codes[1]
    assert all(one != other for one, other in pairwise(codes[0]))


# --- the page -----------------------------------------------------------------------------------------------------


def words_of_the_console(language: str) -> set[str]:
    """Every text of the console."""

    def texts(node: object) -> set[str]:
        if isinstance(node, dict):
            return set().union(*(texts(item) for item in node.values()))
        return {str(node)}

    return set().union(*(texts(json.loads(file.read_text("utf-8"))) for file in WORDS.glob(f"{language}/*.json")))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_said_of_the_page_is_on_the_page(language: str) -> None:
    """Bold words of a paragraph that speaks of the page are its own words."""
    known = words_of_the_console(language)
    unknown = [
        (found.path.name, word)
        for found in guides(language)
        for paragraph in re.split(r"\n\n|\n(?=\d+\. |- )", found.prose)
        if ("页面" if language == "zh" else "page") in paragraph and not paragraph.startswith("|")
        for word in re.findall(r"\*\*([^*]+)\*\*", " ".join(paragraph.split()))
        if word not in known
    ]
    assert unknown == []


@pytest.mark.parametrize("path", ["scripts/reference/errors.md", "docs/reference/errors.md"])
def test_every_exit_status_is_explained(path: str) -> None:
    told = {int(number) for number in re.findall(r"^\| (\d+) \|", (ROOT / path).read_text("utf-8"), re.MULTILINE)}
    assert {error.exit_code for error in all_errors()} | {0, INTERRUPTED} <= told

"""`popcam profile`, with a real worker."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Popcam

SMALL = "demo:?width=320&height=180&fps=25"


@pytest.fixture(autouse=True)
def in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_table_names_stages_and_the_bottleneck_and_writes_a_trace(popcam: Popcam) -> None:
    result = popcam("profile", SMALL, "-s", "1")
    assert result.status == 0, result.err
    for word in ("detection: the model", "hiding and boxes", "copies/frame", "Bottleneck: "):
        assert word in result.out
    assert json.loads(Path("popcam-profile.json").read_text("utf-8"))["traceEvents"]


def test_json_has_the_figures_of_a_camera_of_the_settings(popcam: Popcam) -> None:
    Path("popcam.yaml").write_text(
        f"cameras:\n  hall:\n    source: {{url: '{SMALL}'}}\n    act: {{kind: pass}}\n", "utf-8"
    )
    result = popcam("profile", "hall", "-s", "1", "--no-watch", "--record", "--json", "--trace", "t.json")
    found = json.loads(result.out)
    assert found["frames"] > 0
    assert "infer" not in {stage["stage"] for stage in found["stages"]}
    assert found["trace"] == "t.json"
    assert Path("t.json").stat().st_size > 0


def test_words_are_chinese_where_they_should_be(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    result = popcam("profile", SMALL, "-s", "1", "--act", "pass")
    assert "瓶颈：" in result.out


def test_a_missing_file_is_named(popcam: Popcam) -> None:
    result = popcam("profile", "none.mp4", "-s", "1")
    assert (result.status != 0, "[source.not_found]" in result.err) == (True, True)


def test_a_trace_that_cannot_be_written_is_told_before_measuring(popcam: Popcam) -> None:
    result = popcam("profile", SMALL, "--trace", "no/folder/t.json")
    assert "[storage.read_only]" in result.err

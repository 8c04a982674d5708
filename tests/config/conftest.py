"""A settings file in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from popcam.config import Settings, load_settings
from popcam.core.errors import ConfigError, ConfigProblem

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the text to `popcam.yaml`."""
    path = tmp_path / "popcam.yaml"

    def write_text(text: str) -> Path:
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


@pytest.fixture
def load(write: Write) -> Callable[[str], Settings]:
    """Loads settings from this text, untouched by the process's own variables."""
    return lambda text: load_settings(write(text), {})


@pytest.fixture
def problems(write: Write) -> Callable[[str], tuple[ConfigProblem, ...]]:
    """What is wrong with this text."""

    def refuse(text: str) -> tuple[ConfigProblem, ...]:
        with pytest.raises(ConfigError) as caught:
            load_settings(write(text), {})
        return caught.value.problems

    return refuse

"""Names that strangers send become names of files and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.server.safe_names import MAX_BYTES, safe_name


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\me\clip.mov", "clip.mov"),
        ("..", "upload"),
        ("", "upload"),
        ("a/b/", "upload"),
        ("a\0b\n.mp4", "ab.mp4"),
        ("con.mp4", "_con.mp4"),
        ("what?*.jpg", "what__.jpg"),
        ("前门 📷.mp4", "前门 📷.mp4"),
        ("\u202egpj.exe", "gpj.exe"),
        ("\ud800a.mp4", "a.mp4"),
        ("name. ", "name"),
    ],
)
def test_a_name_is_made_safe(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


def test_a_long_name_keeps_its_ending_and_whole_letters() -> None:
    name = safe_name("门" * 300 + ".mp4")
    assert name.endswith("门.mp4")
    assert MAX_BYTES - 3 < len(name.encode()) <= MAX_BYTES


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_name_leads_elsewhere(given_name: str) -> None:
    name = safe_name(given_name)
    assert name not in {"", ".", ".."}
    assert not set(name) & set('/\\\0<>:"|?*')
    assert len(name.encode()) <= MAX_BYTES
    assert safe_name(name) == name

"""Secrets that exist nowhere else, planted into a server, and the search for them in whatever it leaves behind."""

import base64
import io
import json
import secrets
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote


@dataclass(slots=True)
class Planted:
    """Each secret by where it was planted. All begin with letters that are found in every spelling but base64."""

    cores: dict[str, str] = field(default_factory=dict)
    spelled: dict[str, set[bytes]] = field(default_factory=dict)

    def new(self, place: str, *, user: str = "anna", odd: str = "") -> str:
        """A secret for a place. `odd` are signs behind it that programs like to encode."""
        core = f"zq{len(self.cores):02}{secrets.token_hex(8)}"
        word = core + odd
        self.cores[place] = core
        in_base64 = (word, f"{user}:{word}", f"{user}:{quote(word, safe='')}")
        # The last letters depend on what comes behind: those before do not.
        self.spelled[place] = {core.encode(), *(base64.b64encode(text.encode())[: len(core)] for text in in_base64)}
        return word

    def known(self, place: str, secret: str) -> None:
        """A secret that the server itself made."""
        self.cores[place] = secret
        self.spelled[place] = {secret.encode(), quote(secret, safe="").encode(), secret.replace(" ", "").encode()}

    def found_in(self, where: str, raw: bytes) -> list[str]:
        """What of them shows, as `place in where`, for a test to compare with nothing."""
        return [
            f"{place} in {where}" for place, spelled in self.spelled.items() if any(word in raw for word in spelled)
        ]

    def found_in_all(self, texts: Iterable[tuple[str, bytes]]) -> list[str]:
        """As `found_in`, of many."""
        return [found for where, raw in texts for found in self.found_in(where, raw)]


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each file with its content; those that go away meanwhile are none."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(folder.parent)), path.read_bytes()
        except FileNotFoundError:
            continue


def unpacked(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """An answer, and each file within where it is an archive."""
    yield name, raw
    if raw[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for inner in archive.namelist():
                yield f"{name}:{inner}", archive.read(inner)


def in_every_spelling(user: str, word: str) -> list[str]:
    """A secret as programs write it, to see that the search finds each."""
    return [
        word,
        quote(word, safe=""),
        json.dumps({"password": word}),
        base64.b64encode(word.encode()).decode(),
        f"Authorization: Basic {base64.b64encode(f'{user}:{word}'.encode()).decode()}",
    ]

"""The guides as data: headings, links and code of Markdown pages, as GitHub shows them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "guide"
_FENCE = re.compile(r"^(?P<indent>\s*)```(?P<info>.*)$")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"(?<!`)`(?P<text>[^`]+)`(?!`)")


@dataclass(frozen=True)
class Heading:
    """One heading; `slug` is its anchor."""

    level: int
    text: str
    slug: str


@dataclass(frozen=True)
class Block:
    """One block of code. `run`: the test carries it out against a real server."""

    language: str
    run: bool
    text: str
    line: int


@dataclass
class Page:
    """One page."""

    path: Path
    headings: list[Heading] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    prose: str = ""

    @property
    def links(self) -> list[str]:
        return [match["target"] for match in _LINK.finditer(self.prose)]

    @property
    def spans(self) -> list[str]:
        """Code inside sentences; one that a line break cuts is put together."""
        return [" ".join(match["text"].split()) for match in _CODE.finditer(self.prose)]

    @property
    def anchors(self) -> set[str]:
        return {heading.slug for heading in self.headings}

    def runnable(self) -> list[Block]:
        return [block for block in self.blocks if block.run]


@cache
def page(path: Path) -> Page:
    """Read one page."""
    found = Page(path)
    prose: list[str] = []
    code: list[str] | None = None
    info, began = "", 0
    seen: dict[str, int] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and code is None:
            code, info, began = [], fence["info"].strip(), number
        elif fence and code is not None:
            language, _, flags = info.partition(" ")
            found.blocks.append(Block(language, "run" in flags.split(), "\n".join(code) + "\n", began))
            code = None
        elif code is not None:
            code.append(line)
        else:
            if match := re.match(r"(#{1,6}) (.+)", line):
                found.headings.append(_heading(match[1], match[2].strip(), seen))
            prose.append(line)
    assert code is None, f"{path}: the block of line {began} has no end"
    found.prose = "\n".join(prose)
    return found


def _heading(marks: str, text: str, seen: dict[str, int]) -> Heading:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).lower()
    slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
    count = seen.get(slug, 0)
    seen[slug] = count + 1
    return Heading(len(marks), text, f"{slug}-{count}" if count else slug)


def guides(language: str) -> list[Page]:
    """All guides of one language (`en`, `zh`), index first in its own order of names."""
    chinese = [path for path in sorted(GUIDES.glob("*.md")) if path.name.endswith(".zh-CN.md")]
    english = [path for path in sorted(GUIDES.glob("*.md")) if path not in chinese]
    return [page(path) for path in (chinese if language == "zh" else english)]


def popcam_lines(text: str) -> Iterator[list[str]]:
    """The arguments of each `popcam` command in a block of shell."""
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        if "popcam" not in line or line.strip().startswith("#"):
            continue
        words = shlex.split(line, comments=True)
        words = words[3:] if words[:2] == ["sudo", "-u"] else words
        if words and Path(words[0]).name == "popcam":
            yield words[1:]

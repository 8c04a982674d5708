"""Whole batch jobs in this process, task by task, as workers do them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from popcam.core.batch import (
    FileRef,
    Find,
    Follow,
    Followed,
    Found,
    Inspect,
    Inspected,
    Join,
    Joined,
    MediaFacts,
    Write,
    Written,
)
from popcam.core.errors import JobCancelledError
from popcam.core.interfaces import Engine
from popcam.core.jobs import EncodeSpec, FindSpec, HideSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.pipeline.batch import StageSeconds, run_task
from popcam.pipeline.shared_engines import SharedEngines

_ENGINES = SharedEngines(InferenceSpec())


class SharedHost:
    """Real engines, loaded once for all tests."""

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        return _ENGINES.get(name, input_width_px=input_width_px, min_score=min_score)


class EngineHost:
    """One engine whatever is asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        return self._engine


@dataclass
class Watch:
    """Remembers what it is told; cancels at a step."""

    cancel_at: int | None = None
    preview_due: bool = False
    steps: list[int] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)

    def step(self, frames_done: int) -> None:
        self.steps.append(frames_done)
        if self.cancel_at is not None and frames_done >= self.cancel_at:
            raise JobCancelledError

    def preview(self, jpeg: bytes) -> None:
        self.previews.append(jpeg)


@dataclass
class BatchJob:
    """One video's way through all tasks; each step keeps its result."""

    path: Path
    folder: Path
    host: Any = field(default_factory=SharedHost)
    find: FindSpec = field(default_factory=FindSpec)
    hide: HideSpec = field(default_factory=HideSpec)
    encode: EncodeSpec = field(default_factory=EncodeSpec)
    span_frames: int = 300
    index: bool = False
    watch: Watch = field(default_factory=Watch)
    stages: StageSeconds = field(default_factory=StageSeconds)

    def do(self, task: Any) -> Any:
        return run_task(task, self.host, self.watch, self.stages)

    def inspect(self) -> MediaFacts:
        self.folder.mkdir(parents=True, exist_ok=True)
        inspected = self.do(Inspect(path=str(self.path), span_frames=self.span_frames))
        assert isinstance(inspected, Inspected)
        self.facts = inspected.facts
        return self.facts

    def find_span(self, index: int) -> Found:
        span = self.facts.spans[index]
        output = str(self.folder / f"{index}.found")
        found = self.do(Find(path=str(self.path), span=span, find=self.find, output=output, facts=self.facts))
        assert isinstance(found, Found)
        return found

    def follow(self, findings: tuple[str, ...]) -> Followed:
        followed = self.do(
            Follow(
                path=str(self.path),
                facts=self.facts,
                findings=findings,
                hide=self.hide,
                output=str(self.regions),
                facts_output=str(self.folder / "a.facts.jsonl"),
                index_output=str(self.folder / "a.index.json") if self.index else "",
            )
        )
        assert isinstance(followed, Followed)
        return followed

    def write_task(self, index: int, *, regions: bool = True) -> Write:
        return Write(
            path=str(self.path),
            facts=self.facts,
            span=self.facts.spans[index],
            regions=str(self.regions) if regions else "",
            hide=self.hide,
            encode=self.encode,
            output=str(self.folder / f"{index}.chunk"),
        )

    def write_span(self, index: int, *, regions: bool = True) -> Written:
        written = self.do(self.write_task(index, regions=regions))
        assert isinstance(written, Written)
        return written

    def join(self, chunks: tuple[FileRef, ...]) -> Joined:
        output = str(self.folder / "joined.mp4")
        joined = self.do(Join(path=str(self.path), facts=self.facts, chunks=chunks, encode=self.encode, output=output))
        assert isinstance(joined, Joined)
        return joined

    @property
    def regions(self) -> Path:
        return self.folder / "regions"

    def run_find(self, order: list[int] | None = None) -> Followed:
        """Inspect, Find in any order, Follow."""
        facts = self.inspect()
        found = {index: self.find_span(index) for index in order or range(len(facts.spans))}
        return self.follow(tuple(found[span.index].file.path for span in facts.spans))

    def run(self) -> Joined:
        """All of it."""
        self.run_find()
        return self.join(tuple(self.write_span(span.index).file for span in self.facts.spans))

    @property
    def facts_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "a.facts.jsonl").read_text().splitlines()]

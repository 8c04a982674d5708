"""The way of one video through its chunks: what can be done next, given what is done. Pure: no file, no clock.

    inspect -> find (each span) -> follow -> write (each span) -> join

Steps of a stage can be done in any order, by anybody. `find_faces` and `index` end after follow, `transcode` leaves
out find and follow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from popcam.core.batch import FileRef, Followed, Found, Inspected, Joined, MediaFacts, Span, TaskResult, Written
from popcam.core.jobs import JobKind, Problem
from popcam.jobs.model import Stage


class Step(NamedTuple):
    """One piece of work; `span` is 0 where a stage has one alone."""

    stage: Stage
    span: int = 0


STAGE_WEIGHTS: Mapping[Stage, float] = {"inspect": 0.02, "find": 0.4, "follow": 0.03, "write": 0.5, "join": 0.05}
"""Rough shares of the time; only the progress bar depends on them."""


@dataclass(slots=True)
class Course:
    """What is done of one video."""

    kind: JobKind
    facts: MediaFacts | None = None
    found: dict[int, FileRef] = field(default_factory=dict)
    lost: dict[Step, Problem] = field(default_factory=dict)
    """Spans that could not be looked at (they are covered wholly) or not be written (they are missing)."""
    followed: Followed | None = None
    written: dict[int, Written] = field(default_factory=dict)
    joined: Joined | None = None
    problems: dict[Step, tuple[Problem, ...]] = field(default_factory=dict)
    running: dict[Step, int] = field(default_factory=dict)
    """Steps under way, with the frames that they are through."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What there is to do for this kind of job."""
        if self.kind == "transcode":
            return ("inspect", "write", "join")
        if self.kind == "hide_faces":
            return ("inspect", "find", "follow", "write", "join")
        return ("inspect", "find", "follow")

    @property
    def complete(self) -> bool:
        """Nothing is left to do."""
        return self.stages[-1] in self._done_stages()

    @property
    def spans(self) -> tuple[Span, ...]:
        """The chunks; none before it is inspected."""
        return self.facts.spans if self.facts is not None else ()

    def ready(self) -> Iterator[Step]:
        """Steps that can be begun now, the first ones first."""
        stage = self._stage()
        if stage is None:
            return
        if stage not in {"find", "write"}:
            if not self.running:
                yield Step(stage)
            return
        done = self.found if stage == "find" else self.written
        for span in self.spans:
            step = Step(stage, span.index)
            if span.index not in done and step not in self.lost and step not in self.running:
                yield step

    def take(self, step: Step, result: TaskResult) -> None:
        """A step is done."""
        self.running.pop(step, None)
        problems: tuple[Problem, ...] = ()
        match result:
            case Inspected():
                self.facts, problems = result.facts, result.facts.problems
            case Found():
                self.found[step.span], problems = result.file, result.problems
            case Followed():
                self.followed = result
            case Written():
                self.written[step.span], problems = result, result.problems
            case Joined():
                self.joined, problems = result, result.problems
        if problems:
            self.problems[step] = problems

    def lose(self, step: Step, problem: Problem) -> None:
        """A span's step can't be done; the rest goes on without it."""
        self.running.pop(step, None)
        self.lost[step] = problem

    def forget(self, step: Step) -> None:
        """A step has to be done again."""
        self.running.pop(step, None)
        self.problems.pop(step, None)
        match step.stage:
            case "find":
                self.found.pop(step.span, None)
            case "follow":
                self.followed = None
            case "write":
                self.written.pop(step.span, None)
            case "join":
                self.joined = None

    def files(self) -> Iterator[tuple[Step, FileRef]]:
        """Finished files on which what is left to do depends, each with the step that makes it again."""
        if self.joined is not None:
            yield Step("join"), self.joined.file
            return
        if not self.complete:
            for index, written in self.written.items():
                yield Step("write", index), written.file
        if self.followed is None:
            for index, file in self.found.items():
                yield Step("find", index), file
            return
        yield Step("follow"), self.followed.file
        for extra in (self.followed.facts_file, self.followed.index_file):
            if extra is not None:
                yield Step("follow"), extra

    def findings(self) -> tuple[str, ...]:
        """For `Follow`: a file per span, empty where it could not be looked at."""
        return tuple(self.found[span.index].path if span.index in self.found else "" for span in self.spans)

    def joinable(self) -> tuple[MediaFacts, tuple[FileRef, ...]]:
        """For `Join`: the chunks that there are, and the facts of what they hold."""
        assert self.facts is not None  # noqa: S101 - nothing is written before it is inspected
        spans = tuple(span for span in self.facts.spans if span.index in self.written)
        chunks = tuple(self.written[span.index].file for span in spans)
        if len(spans) == len(self.facts.spans):
            return self.facts, chunks
        return replace(self.facts, spans=spans, frames=sum(span.frames for span in spans)), chunks

    def all_problems(self) -> tuple[Problem, ...]:
        """Everything that went wrong, in the order of stages and spans."""
        order = {stage: index for index, stage in enumerate(STAGE_WEIGHTS)}
        told = {**self.problems, **{step: (problem,) for step, problem in self.lost.items()}}
        unique: dict[Problem, None] = {}
        for step in sorted(told, key=lambda step: (order[step.stage], step.span)):
            unique.update(dict.fromkeys(told[step]))
        return tuple(unique)

    @property
    def frames_copied(self) -> int:
        """Frames that were copied bit for bit."""
        return sum(written.frames_copied for written in self.written.values())

    def fraction(self) -> float:
        """How much of the work is done, 0..1."""
        if self.facts is None:
            return 0.0
        weights = {stage: STAGE_WEIGHTS[stage] for stage in self.stages}
        done = sum(weight * self._share(stage) for stage, weight in weights.items())
        return min(1.0, done / sum(weights.values()))

    def frames_of(self, step: Step) -> int:
        """How many frames a step goes through."""
        if self.facts is None:
            return 0
        if step.stage in {"find", "write"}:
            return next((span.frames for span in self.facts.spans if span.index == step.span), 0)
        return self.facts.frames

    def _share(self, stage: Stage) -> float:
        if stage in self._done_stages():
            return 1.0
        total = max(1, self.facts.frames if self.facts is not None else 0)
        done = sum(min(frames, total) for step, frames in self.running.items() if step.stage == stage)
        if stage in {"find", "write"}:
            finished = self.found if stage == "find" else self.written
            lost = {step.span for step in self.lost if step.stage == stage}
            done += sum(span.frames for span in self.spans if span.index in finished or span.index in lost)
        return min(1.0, done / total)

    def _stage(self) -> Stage | None:
        done = self._done_stages()
        return next((stage for stage in self.stages if stage not in done), None)

    def _done_stages(self) -> frozenset[Stage]:
        done: set[Stage] = set()
        if self.facts is not None:
            done.add("inspect")
        if self.followed is not None:
            done |= {"find", "follow"}
        elif self.facts is not None and self._all_in("find", self.found):
            done.add("find")
        if self.facts is not None and self._all_in("write", self.written):
            done.add("write")
        if self.joined is not None:
            done |= {"write", "join"}
        return frozenset(done)

    def _all_in(self, stage: Stage, finished: Mapping[int, object]) -> bool:
        return all(span.index in finished or Step(stage, span.index) in self.lost for span in self.spans)

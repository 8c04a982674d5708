"""A whole job as the batch pipeline does it, for tests: inspect, read, change, write or copy, join."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from popcam.core.batch import MediaFacts
from popcam.core.jobs import EncodeSpec
from popcam.media.files import (
    JoinedFile,
    Problems,
    SpanFrame,
    SpanWriter,
    copy_span,
    inspect_file,
    join,
    read_span,
    span_can_be_copied,
)

FINE = EncodeSpec(quality=12, preset="ultrafast")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job."""

    facts: MediaFacts
    joined: JoinedFile
    problems: Problems
    copied: int
    chunks: tuple[Path, ...]

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems.found]


def run_job(
    source: Path,
    output: Path,
    *,
    encode: EncodeSpec = FINE,
    copied: Collection[int] = (),
    span_frames: int = 12,
    change: Callable[[SpanFrame], SpanFrame] = lambda frame: frame,
) -> Done:
    """Every span through the encoder, but those of `copied` that may be copied."""
    facts = inspect_file(source, span_frames)
    problems = Problems()
    chunks, frames_copied = [], 0
    for span in facts.spans:
        chunk = output.with_name(f"{span.index}.chunk")
        chunks.append(chunk)
        if span.index in copied and span_can_be_copied(facts, encode, span):
            frames_copied += copy_span(source, facts, span, chunk, problems).frames_copied
            continue
        with SpanWriter(chunk, facts, encode) as writer:
            for frame in read_span(source, facts, span, problems=problems):
                writer.write(change(frame))
            writer.close()
    joined = join(source, facts, chunks, output, problems=problems)
    return Done(facts, joined, problems, frames_copied, tuple(chunks))

"""Write one chunk of the result: decode, cover, encode; or take its packets as they are."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from popcam.core.batch import Write, Written
from popcam.core.frame import Frame
from popcam.core.jobs import HideSpec
from popcam.media.encoders.jpeg import encode_jpeg
from popcam.media.files import ChunkFacts, Problems, SpanFrame, SpanWriter, copy_span, read_span, span_can_be_copied
from popcam.media.sources.picture import writable
from popcam.pipeline.batch.host import StageSeconds, TaskWatch
from popcam.pipeline.batch.regions_file import FrameRegions, read_regions
from popcam.pipeline.batch.result_files import file_ref, whole_file
from popcam.vision.anonymiser import cover_regions, cover_whole

PREVIEW_WIDTH_PX: Final = 640
PREVIEW_QUALITY: Final = 75


def write(task: Write, watch: TaskWatch, stages: StageSeconds) -> Written:
    """Write a chunk.

    Frames that nobody looked at are covered wholly; without readable regions the task fails and leaves no file.

    Raises:
        JobChunkDamagedError: the regions can't be read.
        SourceError, EncoderError, StorageFullError, StorageReadOnlyError, JobCancelledError.
    """
    regions = _regions(task)
    problems = Problems()
    with whole_file(task.output) as unfinished:
        if _may_copy(task, regions):
            with stages.measure("copy"):
                written = copy_span(Path(task.path), task.facts, task.span, unfinished, problems)
            watch.step(written.frames)
        else:
            written = _encode(task, unfinished, regions, problems, watch, stages)
    with stages.measure("hash"):
        file = file_ref(task.output)
    return Written(
        file=file,
        frames=written.frames,
        frames_copied=written.frames_copied,
        encoder=written.encoder,
        fallback=written.fallback,
        problems=problems.found,
    )


class Canvas:
    """Memory in which frames are covered: a new picture for each would be cold, and cost more than covering it.

    A frame is valid until the next one: an encoder in software has copied it when it returns, others get a copy.
    """

    def __init__(self) -> None:
        self._frame: Frame | None = None

    def copy_of(self, frame: Frame) -> Frame:
        """The same picture, to be written on. Decoders predict the next pictures from theirs."""
        if frame.planes.y.flags.writeable:
            return frame
        kept = self._frame
        if kept is None or (kept.width_px, kept.height_px) != (frame.width_px, frame.height_px):
            kept = self._frame = writable(frame)
            return kept
        for to, came in zip(kept.planes, frame.planes, strict=True):
            np.copyto(to, came)
        return replace(frame, planes=kept.planes, owner=kept.owner)


def cover_frame(frame: Frame, regions: FrameRegions, index: int, hide: HideSpec, canvas: Canvas) -> Frame:
    """The frame with what has to be covered on it covered; the same one where that is nothing."""
    if regions.covers_whole(index):
        covered = canvas.copy_of(frame)
        cover_whole(covered.planes, hide.style, covered.full_range)
        return covered
    boxes = regions.of(index)
    if not boxes:
        return frame
    covered = canvas.copy_of(frame)
    cover_regions(covered.planes, boxes, hide.style, hide.margin, covered.full_range)
    return covered


def preview_jpeg(frame: Frame) -> bytes:
    """A small picture of a processed frame."""
    return encode_jpeg(
        frame.planes,
        quality=PREVIEW_QUALITY,
        full_range=frame.full_range,
        max_width_px=PREVIEW_WIDTH_PX,
        matrix=frame.matrix,
    ).data


def _regions(task: Write) -> FrameRegions | None:
    if not task.regions:
        return None
    return read_regions(task.regions, task.span.first_frame, task.span.frames)


def _may_copy(task: Write, regions: FrameRegions | None) -> bool:
    """Only what is to be left as it is: a transcode asks for the new codec, so it never copies."""
    if regions is None or not task.encode.copy_untouched or regions.touches(task.span.frames):
        return False
    return span_can_be_copied(task.facts, task.encode, task.span)


def _encode(
    task: Write,
    output: Path,
    regions: FrameRegions | None,
    problems: Problems,
    watch: TaskWatch,
    stages: StageSeconds,
) -> ChunkFacts:
    clock = time.perf_counter
    canvas = Canvas()
    done = 0
    with SpanWriter(output, task.facts, task.encode) as writer:
        for one in _frames(task, problems, stages):
            begun_s = clock()
            frame = one
            if regions is not None:
                covered = cover_frame(one.frame, regions, one.index, task.hide, canvas)
                if covered is not one.frame:
                    frame = SpanFrame(one.index, one.pts, covered, one.damaged)
            covered_s = clock()
            stages.add("cover", covered_s - begun_s)
            writer.write(frame)
            stages.add("encode", clock() - covered_s)
            done += 1
            watch.step(done)
            if watch.preview_due:
                with stages.measure("preview"):
                    watch.preview(preview_jpeg(frame.frame))
        with stages.measure("encode"):
            return writer.close()


def _frames(task: Write, problems: Problems, stages: StageSeconds) -> Iterator[SpanFrame]:
    clock = time.perf_counter
    frames = read_span(Path(task.path), task.facts, task.span, problems=problems)
    while True:
        begun_s = clock()
        frame = next(frames, None)
        stages.add("decode", clock() - begun_s)
        if frame is None:
            return
        yield frame

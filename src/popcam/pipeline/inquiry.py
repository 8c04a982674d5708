"""Answers to questions that concern no camera: what a source is, which devices and cameras there are."""

import threading
import time
from dataclasses import replace

from popcam.core.errors import SourceEmptyError, SourceEndedError, SourceTimeoutError
from popcam.core.frame import DecodeMode, Frame
from popcam.core.interfaces import Source
from popcam.core.protocol import (
    CutClip,
    DevicesFound,
    Done,
    FindDevices,
    FindOnvif,
    OnvifFound,
    ProfileCamera,
    Question,
    RebootOnvif,
    Reply,
    SourceTested,
    TestSource,
)
from popcam.core.redact import redact
from popcam.core.worker_settings import InferenceSpec
from popcam.media.discovery import find_devices
from popcam.media.encoders.jpeg import snapshot_jpeg
from popcam.media.sources import Continuity, open_source


def answer(question: Question, inference: InferenceSpec) -> Reply:
    """Answer one question; it blocks, bounded by what the question says.

    Args:
        question: what is asked.
        inference: what runs models in this worker.

    Raises:
        PopcamError: the named error that it led to.
    """
    match question:
        case TestSource():
            return look_at(question)
        case FindDevices():
            return DevicesFound(devices=find_devices())
        case FindOnvif():
            from popcam.media.discovery.onvif import find_onvif  # XML and HTTP: most workers are never asked

            return OnvifFound(cameras=find_onvif(question))
        case RebootOnvif():
            from popcam.media.discovery.reboot import reboot_onvif

            reboot_onvif(question)
            return Done()
        case CutClip():
            from popcam.media.sinks.clip import cut_clip

            return cut_clip(question)
        case ProfileCamera():
            from popcam.pipeline.profiling import profile  # the engines, and with them the model runtimes

            return profile(question, inference)


def look_at(question: TestSource) -> SourceTested:
    """Open a source, take its first picture, close it.

    Raises:
        SourceError: it can't be opened, or no picture comes in time.
    """
    began_s = time.monotonic()
    deadline_s = began_s + question.timeout_s
    spec = replace(
        question.source,
        open_timeout_s=min(question.source.open_timeout_s, question.timeout_s),
        read_timeout_s=min(question.source.read_timeout_s, question.timeout_s),
    )
    source = open_source(spec, question.decode, Continuity())
    opened_s = time.monotonic()
    try:
        frame = _first_frame(source, deadline_s, redact(spec.url))
        shown_s = time.monotonic()
        info = source.info
        jpeg = (
            snapshot_jpeg(frame, quality=80, max_width_px=question.max_width_px).data if question.max_width_px else b""
        )
    finally:
        source.close()
    return SourceTested(
        codec=info.codec,
        width_px=info.width_px,
        height_px=info.height_px,
        fps=round(info.fps, 3),
        pixel_format=info.pixel_format,
        container=info.container,
        decoder=info.decoder,
        decoder_fallback=redact(info.decoder_fallback),
        live=info.live,
        duration_s=info.duration_s,
        open_ms=round((opened_s - began_s) * 1000, 1),
        first_picture_ms=round((shown_s - began_s) * 1000, 1),
        jpeg=jpeg,
    )


def _first_frame(source: Source, deadline_s: float, name: str) -> Frame:
    # `close` ends a read that waits for a source that sends now and then, but never a whole picture.
    alarm = threading.Timer(max(0.0, deadline_s - time.monotonic()), source.close)
    alarm.daemon = True
    alarm.start()
    try:
        while True:
            chunk = source.read(DecodeMode.ALL)
            if chunk.frames:
                return chunk.frames[0]
            if time.monotonic() >= deadline_s:
                raise SourceTimeoutError(f"{name}: it opens, but no picture came in time")
    except SourceEndedError as error:
        if time.monotonic() >= deadline_s:
            raise SourceTimeoutError(f"{name}: it opens, but no picture came in time") from error
        raise SourceEmptyError(f"{name}: it ended before its first picture") from error
    finally:
        alarm.cancel()

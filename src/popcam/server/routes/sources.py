"""/api/v1/sources: trying a source before it is saved."""

from base64 import b64encode
from dataclasses import fields
from pathlib import Path
from typing import Annotated

from fastapi import Body, Query
from pydantic import BaseModel, Field

from popcam.cameras import document
from popcam.cameras.model import StoreState
from popcam.config.loading import check_camera
from popcam.core.access import Permission
from popcam.core.errors import (
    CameraInvalidError,
    CameraNotFoundError,
    ConfigError,
    RequestInvalidError,
    SourceAddressError,
    SourceAddressRefusedError,
    SourceBusyError,
    SourceCorruptError,
    SourceDeviceError,
    SourceEmptyError,
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourceNoVideoTrackError,
    SourcePermissionError,
    SourcePictureSizeError,
    SourceTimeoutError,
    SourceUnauthorizedError,
    SourceUnreachableError,
    SourceUnsupportedCodecError,
    WorkerUnavailableError,
)
from popcam.core.protocol import SourceTested, TestSource
from popcam.core.spec import SourceSpec
from popcam.server import examples
from popcam.server.clean_text import check_text
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.services import Services, Use

router = Router(prefix="/api/v1/sources", tags=["sources"])

TEST_S = 15.0
"""Longest test. A camera that wakes up needs a few seconds; a person who waits has about so much patience."""
MARGIN_S = 5.0
"""Beyond it for the way to the worker and for a closer look at why a host does not answer."""


class SourceTestOut(BaseModel):
    """What a source turned out to be."""

    codec: str = Field(description="`h264`, `hevc`, `mjpeg`, ...")
    width_px: int
    height_px: int
    fps: float = Field(description="Frames per second, as the stream claims.")
    pixel_format: str
    container: str = Field(description="`rtsp`, `mov,mp4,...`, `video4linux2,v4l2`, ...")
    decoder: str = Field(description="What decodes it here: `software`, `vaapi`, ...")
    decoder_fallback: str = Field(description="Why it is not the decoder that was asked for, or empty.")
    live: bool = Field(description="It delivers by its own clock.")
    duration_s: float | None = Field(description="Length of a recording; null for what is live.")
    open_ms: float = Field(description="Until it was open.")
    first_picture_ms: float = Field(description="Until its first picture was there.")
    snapshot: str | None = Field(
        description="The first picture as `data:image/jpeg;base64,...`; null when none was asked for, and for a camera "
        "that hides faces: this picture would show them."
    )


@router.post(
    "/test",
    dependencies=[needs(Permission.MANAGE, action="source.test"), rate("source.test")],
    summary="Try a source",
    responses={
        200: examples.of(examples.SOURCE_TESTED),
        **responses(
            CameraInvalidError,
            CameraNotFoundError,
            RequestInvalidError,
            SourceAddressError,
            SourceAddressRefusedError,
            SourceError,
            SourceUnreachableError,
            SourceUnauthorizedError,
            SourceNotFoundError,
            SourceTimeoutError,
            SourceNotVideoError,
            SourceNoVideoTrackError,
            SourceUnsupportedCodecError,
            SourceCorruptError,
            SourceEmptyError,
            SourcePictureSizeError,
            SourceDeviceError,
            SourcePermissionError,
            SourceBusyError,
            WorkerUnavailableError,
        ),
    },
)
async def try_source(
    source: Annotated[SourceSpec, Body(openapi_examples=examples.SOURCES)],
    services: Use,
    camera_id: Annotated[
        str | None, Query(description="Take what is masked as `***` from this camera's settings.", max_length=64)
    ] = None,
    snapshot: Annotated[bool, Query(description="Send its first picture along.")] = True,
    width: Annotated[int, Query(ge=16, le=3840, description="Largest width of that picture.")] = 640,
) -> SourceTestOut:
    """Open the source once in a worker, take its first picture, and close it again. Nothing is saved.

    It takes 20 seconds at most, needs no camera to run, and puts none at risk. A failure has the name and the hint that
    a camera with this source would show.
    """
    shown = snapshot
    if camera_id is not None:
        shown = shown and not services.cameras.spec(camera_id).hides_faces
        source = _unmasked(services, camera_id, source)
    check_text([source.url, source.username, source.password], "body")
    source = as_saved(source, services.cameras.store_state())
    tested = await services.fleet.ask(
        TestSource(source=source, timeout_s=TEST_S, max_width_px=width if shown else 0), TEST_S + MARGIN_S
    )
    if not isinstance(tested, SourceTested):
        raise WorkerUnavailableError(f"unexpected answer: {type(tested).__name__}")
    return tested_out(tested)


def as_saved(source: SourceSpec, store: StoreState) -> SourceSpec:
    """The source as a camera would have it once it is saved: checked by the same rules, relative paths resolved.

    Raises:
        CameraInvalidError: a camera with this source would be refused.
    """
    base = Path(store.place).parent if store.kind == "file" else Path.cwd()
    values = {part.name: value for part in fields(source) if (value := getattr(source, part.name)) is not None}
    try:
        return check_camera("test", {"source": values}, base).source
    except ConfigError as error:
        raise CameraInvalidError(problems=error.problems) from None


def tested_out(tested: SourceTested) -> SourceTestOut:
    """The public answer to a test."""
    values = {name: getattr(tested, name) for name in SourceTestOut.model_fields if name != "snapshot"}
    picture = f"data:image/jpeg;base64,{b64encode(tested.jpeg).decode()}" if tested.jpeg else None
    return SourceTestOut(**values, snapshot=picture)


def _unmasked(services: Services, camera_id: str, source: SourceSpec) -> SourceSpec:
    """The source with the saved secrets that its masks stand for.

    Raises:
        CameraInvalidError: a mask stands where no secret is saved.
    """
    spec = services.cameras.spec(camera_id)
    sent = {"source": {part.name: getattr(source, part.name) for part in fields(source)}}
    whole = document.with_secrets(sent, document.plain(spec), keep_absent=False)
    return SourceSpec(**whole["source"])

"""`popcam profile`: where the time goes, from packet to encoded picture, measured in a worker of its own."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from popcam.cli.camera_source import Credentials, PasswordOption, UsernameOption, source_of
from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import err, out, say, working
from popcam.core.plain_structlog import import_structlog

if TYPE_CHECKING:
    from popcam.config.model import Settings
    from popcam.core.protocol import ProfileCamera, Profiled
    from popcam.core.spec import CameraSpec

HELP = say(
    "Run a source through the real pipeline for a while and say where the time goes.",
    "让视频源在真实的处理流程中运行一段时间，并说明时间花在哪里。",
)
START_S = 40.0
"""For opening the source and loading the engines, beside the measuring itself."""
MARGIN_S = 15.0
"""The worker gives up first, and with a better reason."""

What = Literal["hide", "boxes", "pass"]


def profile(
    source: Annotated[
        str,
        typer.Argument(
            help=say(
                "Address, file, device, or the id of a camera in the settings.",
                "地址、文件、设备，或配置中的摄像头编号。",
            ),
            show_default=False,
        ),
    ],
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", min=1, max=600, help=say("How long to measure.", "测量时长（秒）。"))
    ] = 20.0,
    act: Annotated[
        What | None,
        typer.Option(
            help=say(
                "What is done to the picture; `hide`, or the camera's own setting, when left out.",
                "对画面的处理；省略时为 `hide`，或摄像头自己的设置。",
            ),
            show_default=False,
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option(help=say("Encode a live preview, as for a viewer.", "像有人观看那样编码实时预览。"))
    ] = True,
    record: Annotated[
        bool, typer.Option("--record", help=say("Record too; the files are thrown away.", "同时录像；文件会被丢弃。"))
    ] = False,
    fast: Annotated[
        bool,
        typer.Option("--fast", help=say("Play a file as fast as it goes.", "以尽可能快的速度播放文件。")),
    ] = False,
    trace: Annotated[
        Path,
        typer.Option(
            help=say(
                "Where the trace goes; https://ui.perfetto.dev opens it.",
                "跟踪文件的位置；可用 https://ui.perfetto.dev 打开。",
            )
        ),
    ] = Path("popcam-profile.json"),
    username: UsernameOption = "",
    ask_password: PasswordOption = False,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Profile a source.

    Raises:
        ConfigError: the settings are not valid.
        SourceError: by its name, when it can't be opened.
        ModelError, InferenceError: the engines can't be loaded.
        StorageReadOnlyError: the trace can't be written.
        WorkerUnavailableError: no worker starts.
    """
    import_structlog()
    from popcam.core.protocol import ProfileCamera

    settings = settings_of(config, overrides(set_))
    spec = _camera(settings, source, Credentials.given(username, ask_password), act, record=record, fast=fast)
    _writable(trace)
    question = ProfileCamera(
        spec=spec, seconds=seconds, watch=("preview.jpeg",) if watch else (), timeout_s=START_S + seconds
    )
    with working(say(f"Measuring for {seconds:g} s...", f"正在测量 {seconds:g} 秒……")), _quiet_logs():
        profiled = asyncio.run(_ask(settings, question))
    _keep(profiled.trace, trace)
    _tell(profiled, trace, as_json=as_json)


def _camera(
    settings: "Settings", source: str, credentials: Credentials, act: What | None, *, record: bool, fast: bool
) -> "CameraSpec":
    """The camera to run: one of the settings, or one made for the source."""
    from popcam.core.spec import ActSpec, CameraSpec, RecordSpec, SourceSpec

    known = settings.cameras.get(source)
    spec = known or CameraSpec(
        id="profile", source=SourceSpec(**source_of(source, credentials)), act=ActSpec(kind="hide")
    )
    if act is not None:
        spec = replace(spec, act=replace(spec.act, kind=act))
    if record:
        spec = replace(spec, record=RecordSpec(mode="continuous"))
    return replace(spec, source=replace(spec.source, realtime=False)) if fast else spec


async def _ask(settings: "Settings", question: "ProfileCamera") -> "Profiled":
    """Put the question to a worker of a fleet of our own: one that no server knows, in folders that go away."""
    from popcam.core.clock import SystemClock
    from popcam.core.errors import WorkerUnavailableError
    from popcam.core.protocol import Profiled, raise_refusal
    from popcam.fleet.local import LocalFleet

    with tempfile.TemporaryDirectory(prefix="popcam-") as name:
        folder = Path(name)
        fleet = LocalFleet(
            settings.workers, settings.inference, folder / "data", folder / "run", folder / "log", SystemClock()
        )
        await fleet.start()
        try:
            reply = await fleet.ask(question, question.timeout_s + MARGIN_S)
        finally:
            await fleet.stop()
    raise_refusal(reply)
    if not isinstance(reply, Profiled):
        raise WorkerUnavailableError(f"unexpected answer: {type(reply).__name__}")
    return reply


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """What the fleet logs is of no interest here, and standard output is for the result."""
    import structlog

    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(40), logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _writable(trace: Path) -> None:
    """Find out before the measuring, not after.

    Raises:
        StorageReadOnlyError: the folder is missing or takes no files.
    """
    _keep(b"", trace)


def _keep(content: bytes, file: Path) -> None:
    from popcam.core.errors import StorageReadOnlyError

    try:
        file.write_bytes(content)
    except OSError as error:
        raise StorageReadOnlyError(f"{file}: {error.strerror}") from error


def _tell(profiled: "Profiled", trace: Path, *, as_json: bool) -> None:
    import msgspec

    from popcam.cli.profile_report import print_report

    if as_json:
        found = msgspec.to_builtins(msgspec.structs.replace(profiled, trace=b""))
        found["trace"] = str(trace)
        out(json.dumps(found, ensure_ascii=False, indent=2))
        return
    print_report(profiled)
    err(
        say(
            f"The trace is in {trace}: open it in https://ui.perfetto.dev",
            f"跟踪文件：{trace}，可用 https://ui.perfetto.dev 打开",
        )
    )

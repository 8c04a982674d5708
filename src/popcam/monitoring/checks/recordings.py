"""Whether recordings grow: one thread looks at the files of all cameras, and each camera's check reads what it saw."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from popcam.core.clock import Clock
from popcam.core.errors import StorageReadOnlyError, error_of_code
from popcam.core.facts import FaultReport
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome
from popcam.core.recordings import PART_SUFFIX
from popcam.monitoring.checks.camera_words import WORDS
from popcam.monitoring.checks.cameras import NO_PICTURES, NOT_WANTED, PICTURES_COME, CameraNow
from popcam.monitoring.health_runner import Glance, InThread

EVERY_S = 5.0
STALLED_S = 20.0
"""Fragments reach the file once a second, or with each keyframe where these are rarer; cameras send one every few
seconds."""
STORAGE = "storage."
"""Codes of what disks refuse."""


class Seen(NamedTuple):
    """The newest file of a camera, and since when it is as it is."""

    name: str
    size_bytes: int
    since_s: float


@dataclass(slots=True)
class RecordingWatch:
    """Sizes of the files that are being written.

    Args:
        folder: of all recordings; each camera has one of its own in it.
        clock: the time.
        recording: cameras that say that they record now.
    """

    folder: Path
    clock: Clock
    recording: Callable[[], Iterable[str]]
    seen: dict[str, Seen] = field(default_factory=dict)

    def check(self) -> Check:
        """The look at all files."""
        return Check(
            name="recordings.growing",
            group=CheckGroup.STORAGE,
            title=Text("Recordings", "录像"),
            about=Text(
                "Whether all files that cameras are recorded to become longer.", "所有正在写入的录像文件是否在增长。"
            ),
            remedy=WORDS["camera.recording"].remedy,
            look=InThread(self.look),
            every_s=EVERY_S,
            timeout_s=15.0,
            severity="critical",
        )

    def look(self) -> Outcome:
        """Look at the files of all cameras that record.

        Raises:
            StorageReadOnlyError: the folder can't be read.
        """
        now_s, cameras = self.clock.monotonic_s(), list(self.recording())
        found: dict[str, Seen] = {}
        for camera_id in cameras:
            name, size_bytes = self._newest(camera_id)
            before = self.seen.get(camera_id)
            same = before is not None and (before.name, before.size_bytes) == (name, size_bytes)
            found[camera_id] = before if same and before is not None else Seen(name, size_bytes, now_s)
        self.seen = found  # one assignment: the loop reads it meanwhile
        stalled = sorted(key for key, seen in found.items() if now_s - seen.since_s >= STALLED_S)
        if not cameras:
            return Outcome("absent", Text("no camera is recorded now", "目前没有摄像头在录像"))
        if not stalled:
            return Outcome("ok", Text(f"{len(cameras)} cameras", f"{len(cameras)} 个摄像头"), figure=0.0)
        names = ", ".join(stalled[:10])
        told = Text(f"{len(stalled)} do not grow: {names}", f"{len(stalled)} 个没有增长：{names}")
        return Outcome("failed", told, figure=float(len(stalled)))

    def camera_check(self, camera_id: str, now: Callable[[], CameraNow]) -> Check:
        """What was seen of one camera."""
        words = WORDS["camera.recording"]
        return Check(
            name="camera.recording",
            subject=camera_id,
            group=CheckGroup.CAMERAS,
            title=words.title,
            about=words.about,
            remedy=words.remedy,
            look=Glance(lambda: self.of_camera(camera_id, now())),
            every_s=EVERY_S,
            severity="critical",
        )

    def of_camera(self, camera_id: str, now: CameraNow) -> Outcome:
        """How the recording of one camera stands."""
        if not now.wanted:
            return NOT_WANTED
        if now.status is None or now.status.state not in PICTURES_COME:
            return NO_PICTURES
        fault = next((one for one in now.status.faults if one.code.startswith(STORAGE)), None)
        if fault is not None:
            return of_fault(fault)
        if not now.status.recording:
            return Outcome("ok", Text("nothing is to be recorded now", "目前无需录像"))
        seen = self.seen.get(camera_id)
        if seen is None:
            return Outcome("unknown", Text("not looked at yet", "尚未检查"))
        still_s = self.clock.monotonic_s() - seen.since_s
        if still_s < STALLED_S:
            return Outcome("ok", figure=float(seen.size_bytes))
        told = Text(f"the file has not grown for {still_s:.0f} s", f"录像文件已 {still_s:.0f} 秒没有增长")
        return Outcome("failed", told, figure=still_s)

    def _newest(self, camera_id: str) -> tuple[str, int]:
        """Name and size of the file that is being written; empty for none. Names sort by time."""
        try:
            days = sorted(_names(self.folder / camera_id), reverse=True)[:2]  # a file may go on over midnight
            for day in days:
                parts = [name for name in _names(self.folder / camera_id / day) if name.endswith(PART_SUFFIX)]
                if parts:
                    name = max(parts)
                    return name, (self.folder / camera_id / day / name).stat().st_size
        except FileNotFoundError:
            pass  # it got its final name this moment, or the folder is not there yet
        except OSError as error:
            raise StorageReadOnlyError(f"{error.filename}: {error.strerror}") from error
        return "", 0


def of_fault(fault: FaultReport) -> Outcome:
    """The disk takes no recording."""
    error = error_of_code(fault.code)(fault.detail)
    return Outcome("failed", Text(error.message("en"), error.message("zh")), code=fault.code, remedy=error.hint)


def _names(folder: Path) -> Iterator[str]:
    return (path.name for path in folder.iterdir())

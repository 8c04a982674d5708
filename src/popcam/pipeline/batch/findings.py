"""The file in which `Find` leaves what it found in one chunk, for `Follow`."""

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from popcam.core.batch import FileRef, Span
from popcam.core.errors import JobChunkDamagedError
from popcam.core.frame import UInt8Array
from popcam.core.jobs import Problem
from popcam.pipeline.batch.result_files import write_whole
from popcam.vision.follow import signature
from popcam.vision.follow.scenes import SIGNATURE_WH

VERSION = 1

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded picture near an end of the chunk: only with the next chunk's can be said whether a scene ends there."""

    frame: int
    signature: bytes

    @staticmethod
    def of(frame: int, luma: UInt8Array) -> "Edge":
        """Of a picture."""
        return Edge(frame=frame, signature=signature(luma).tobytes())

    def picture(self) -> UInt8Array:
        """The signature as `is_cut` wants it."""
        return np.frombuffer(self.signature, np.uint8).reshape(SIGNATURE_WH[::-1])


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A scene ends after the frame `before`, or between it and the frame `after`, which belongs to the next one."""

    before: int
    after: int


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one chunk. Arrays are little-endian bytes.

    Attributes:
        start_score, sure_score: see `vision.follow.associate`.
        all_keyframes: the codec has no other frames; see `pipeline/batch/plan.py`.
        pts: int64 of each frame of the chunk, also of those that were not decoded.
        looked: int64, numbers in the file of the frames that were looked at.
        counts: int64, detections of each look.
        boxes: float32 (D, 4), xyxy in 0..1; scores: float32 (D,).
        first, last: the first two and the last two decoded pictures, in order.
    """

    version: int
    span: Span
    detector: str
    input_width_px: int
    start_score: float
    sure_score: float
    all_keyframes: bool
    pts: bytes
    looked: bytes
    counts: bytes
    boxes: bytes
    scores: bytes
    cuts: tuple[Cut, ...]
    first: tuple[Edge, ...]
    last: tuple[Edge, ...]
    problems: tuple[Problem, ...] = ()


def write_findings(path: str, findings: Findings) -> FileRef:
    """Write the file; the same findings give the same bytes."""
    return write_whole(path, msgspec.msgpack.encode(findings))


def read_findings(path: str) -> Findings:
    """Read the file.

    Raises:
        JobChunkDamagedError: it is missing, damaged, or of another version.
    """
    try:
        findings = msgspec.msgpack.decode(Path(path).read_bytes(), type=Findings)
    except (OSError, msgspec.DecodeError) as error:
        raise JobChunkDamagedError(f"{Path(path).name}: {error}") from error
    if findings.version != VERSION:
        raise JobChunkDamagedError(f"{Path(path).name}: version {findings.version}, not {VERSION}")
    return findings


def ints(data: bytes) -> Ints:
    """An array of a file."""
    return np.frombuffer(data, "<i8").astype(np.int64)


def floats(data: bytes) -> Floats:
    """An array of a file."""
    return np.frombuffer(data, "<f4").astype(np.float32)


def packed_ints(values: list[int]) -> bytes:
    """Bytes of an array for the file."""
    return np.array(values, "<i8").tobytes()


def packed_floats(values: object) -> bytes:
    """Bytes of an array for the file."""
    return np.array(values, "<f4").tobytes()

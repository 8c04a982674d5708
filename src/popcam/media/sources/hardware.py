"""Which hardware decoder is used, and why not the one that was asked for.

A device is tried once per process, in a thread: creating a CUDA context takes a part of a second, and a broken driver
may take long or for ever. `auto` never waits for it on a live stream: it decodes in software until the answer is
there, and the next opening of a source uses it.
"""

import sys
import threading
from dataclasses import dataclass, field
from typing import Final

import av
import structlog
from av.codec.context import CodecContext
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.video.codeccontext import VideoCodecContext

from popcam.core.spec import HardwareDecode

log = structlog.get_logger(__name__)

ORDER: Final[dict[str, tuple[HardwareDecode, ...]]] = {
    "linux": ("cuda", "vaapi", "qsv"),
    "win32": ("d3d11va", "cuda", "qsv"),
    "darwin": ("videotoolbox",),
}
"""What `auto` tries, by `sys.platform`."""
AUTO_WAIT_S: Final = 0.2
DEMANDED_WAIT_S: Final = 5.0
SOFTWARE: Final = "software"


@dataclass(frozen=True, slots=True)
class Choice:
    """The decoder to use: the name of a device kind or `software`, and why it is not what was asked for."""

    name: str
    fallback: str = ""


@dataclass
class Probe:
    """One attempt to create a device, running in a thread of its own."""

    kind: str
    reason: str = ""
    done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> "Probe":
        threading.Thread(target=self._run, name=f"probe {self.kind}", daemon=True).start()
        return self

    def _run(self) -> None:
        try:
            HWAccel(self.kind).create(av.Codec(decoder_name("h264", self.kind), "r"))
        except Exception as error:  # noqa: BLE001 the edge of a thread: any reason means that it does not work here
            self.reason = str(error) or type(error).__name__
            log.debug("decoder.hardware_absent", kind=self.kind, reason=self.reason)
        self.done.set()


class Devices:
    """The devices of this machine, each tried once.

    Args:
        platform: as `sys.platform` says it.
        built_in: names of the device kinds that FFmpeg was built with.
        probe: starts an attempt; tests give their own.
    """

    def __init__(self, platform: str, built_in: frozenset[str], probe: type[Probe] = Probe) -> None:
        self._platform = platform
        self._built_in = built_in
        self._probe = probe
        self._probes: dict[str, Probe] = {}
        self._lock = threading.Lock()

    def choose(self, wanted: HardwareDecode, *, may_wait: bool) -> Choice:
        """The decoder for a setting.

        Args:
            wanted: the setting.
            may_wait: whether `auto` may wait until every device has been tried; False for live streams.
        """
        if wanted == "none":
            return Choice(SOFTWARE)
        if wanted == "auto":
            return self._choose_auto(DEMANDED_WAIT_S if may_wait else AUTO_WAIT_S)
        reason = self._why_not(wanted, DEMANDED_WAIT_S)
        return Choice(SOFTWARE, f"{wanted}: {reason}") if reason else Choice(wanted)

    def _choose_auto(self, wait_s: float) -> Choice:
        candidates = [kind for kind in ORDER.get(self._platform, ()) if kind in self._built_in]
        for kind in candidates:
            self._probe_of(kind)  # all at once, so that they run side by side
        for kind in candidates:
            reason = self._why_not(kind, wait_s)
            if not reason:
                return Choice(kind)
        return Choice(SOFTWARE)

    def _why_not(self, kind: str, wait_s: float) -> str:
        if kind not in self._built_in:
            return "this build of FFmpeg does not know it"
        probe = self._probe_of(kind)
        if not probe.done.wait(wait_s):
            return "the device does not answer yet"
        return probe.reason

    def _probe_of(self, kind: str) -> Probe:
        with self._lock:
            if kind not in self._probes:
                self._probes[kind] = self._probe(kind).start()
            return self._probes[kind]


DEVICES: Final = Devices(sys.platform, frozenset(hwdevices_available()))
"""The devices of this process."""


def hardware_context(software: VideoCodecContext, kind: str) -> VideoCodecContext:
    """A decoder on a device for the same stream as a software decoder that is not open yet.

    Raises:
        Exception: the device has no decoder for this codec, or it can't be created, as FFmpeg says it.
    """
    codec = av.Codec(decoder_name(software.codec.canonical_name, kind), "r")
    context = CodecContext.create(codec, "r", HWAccel(kind, allow_software_fallback=True))
    if not isinstance(context, VideoCodecContext) or not context.is_hwaccel:
        raise NotImplementedError(f"{kind} has no decoder for {codec.name}")
    context.extradata = software.extradata
    context.width, context.height = software.width, software.height
    return context


def decoder_name(codec: str, kind: str) -> str:
    """FFmpeg's decoder for a codec on a kind of device. Quick Sync has decoders of its own; the others share."""
    return f"{codec}_qsv" if kind == "qsv" else codec

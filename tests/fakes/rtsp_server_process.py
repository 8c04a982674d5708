"""The RTSP server itself: GStreamer's, run by the system's Python (`/usr/bin/python3`), not by ours.

Arguments: one JSON object; see `RtspServer` in rtsp_server.py. It prints `ready PORT` when it listens. Lines on its
standard input: `size WIDTH HEIGHT` serves the next clients with another size, `drop` ends all sessions; of raw pictures
`freeze` repeats the newest one, `black` shows none of them, and `live` goes on with them.
"""

import json
import pathlib
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PAY_H264 = "rtph264pay name=pay0 pt=96 config-interval=-1"
ENCODERS = {
    "h264": (
        "x264enc tune=zerolatency sliced-threads=false speed-preset=ultrafast {rate} key-int-max={gop}"
        " bframes=0 threads=1 ! video/x-h264,profile=baseline ! h264parse config-interval=-1 ! " + PAY_H264
    ),
    "mjpeg": "jpegenc quality=80 ! rtpjpegpay name=pay0 pt=26",
    "silent": "valve drop=true ! x264enc tune=zerolatency ! rtph264pay name=pay0 pt=96",
    "audio": "",
}


class Eye:
    """Pushes raw pictures at the rate of a camera."""

    def __init__(self, spec: dict) -> None:
        size = spec["width"] * spec["height"]
        data = pathlib.Path(spec["raw"]).read_bytes()
        self._pictures = [data[at : at + size * 3 // 2] for at in range(0, len(data), size * 3 // 2)]
        self._black = b"\x10" * size + b"\x80" * (size // 2)
        self._fps = spec["fps"]
        self._next = 0
        self.mode = "live"

    def opened(self, _factory, media) -> None:
        source = media.get_element().get_by_name("eye")
        GLib.timeout_add(1000 // self._fps, self._show, source)

    def _show(self, source) -> bool:
        if self.mode == "live":
            self._next = (self._next + 1) % len(self._pictures)
        picture = self._black if self.mode == "black" else self._pictures[self._next]
        return source.emit("push-buffer", Gst.Buffer.new_wrapped(picture)) in (
            Gst.FlowReturn.OK,
            Gst.FlowReturn.FLUSHING,
        )


def content(spec: dict) -> str:
    caps = "video/x-raw,format=I420,width={width},height={height},framerate={fps}/1".format(**spec)
    if spec["raw"]:
        return f"appsrc name=eye is-live=true do-timestamp=true format=time caps={caps}"
    if spec["picture"]:
        return (
            "filesrc location={picture} ! decodebin ! videoconvert ! videoscale add-borders=true"
            " ! imagefreeze is-live=true"
            " ! videoconvert ! videorate ! videoscale ! {caps}".format(caps=caps, **spec)
        )
    return "videotestsrc is-live=true pattern={pattern} ! {caps}".format(caps=caps, **spec)


def launch(spec: dict) -> str:
    if spec["file"]:
        return f"( filesrc location={spec['file']} ! qtdemux ! h264parse ! {PAY_H264} )"
    if spec["codec"] == "audio":
        return "( audiotestsrc is-live=true ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay name=pay0 pt=0 )"
    constant = f"pass=quant quantizer={spec['quantizer']}"
    rate = constant if spec["quantizer"] else f"bitrate={spec['bitrate_kbps']}"
    encoder = ENCODERS[spec["codec"]].format(rate=rate, gop=spec["gop"])
    return f"( {content(spec)} ! queue ! {encoder} )"


def protect(server, factories, spec: dict) -> None:
    auth = GstRtspServer.RTSPAuth()
    method = GstRtsp.RTSPAuthMethod.DIGEST if spec["auth"] == "digest" else GstRtsp.RTSPAuthMethod.BASIC
    auth.set_supported_methods(method)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if spec["auth"] == "digest":
        auth.add_digest(spec["username"], spec["password"], token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(spec["username"], spec["password"]), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    for factory in factories:
        factory.set_permissions(permissions)


def main() -> None:
    spec = json.loads(sys.argv[1])
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(spec["port"]))
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch(spec))
    factory.set_shared(True)
    factory.set_latency(0)
    eye = Eye(spec) if spec["raw"] else None
    if eye is not None:
        factory.connect("media-configure", eye.opened)
    server.get_mount_points().add_factory(spec["path"], factory)
    if spec["auth"]:
        protect(server, [factory], spec)
    server.attach(None)
    loop = GLib.MainLoop()

    def command(channel, _condition) -> bool:
        words = channel.readline().split()
        if not words:
            loop.quit()
            return False
        if words[0] == "size":
            spec["width"], spec["height"] = int(words[1]), int(words[2])
            factory.set_launch(launch(spec))
        if words[0] in ("freeze", "black", "live") and eye is not None:
            eye.mode = words[0]
        if words[0] in ("size", "drop"):
            server.client_filter(lambda *_: GstRtspServer.RTSPFilterResult.REMOVE)
        print("done", flush=True)
        return True

    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, command)
    print("ready", server.get_bound_port(), flush=True)
    loop.run()


main()

"""A real RTSP or RTMP server for one pusher: FFmpeg's own, listening on this machine."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import av


class Listener(threading.Thread):
    """Takes one stream, counts what comes. `stop` ends it as a server that goes away does."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.keyframes: list[bool] = []
        self.pictures: list[av.VideoFrame] = []
        self.error = ""
        self._stop_asked = threading.Event()
        self.start()

    def run(self) -> None:
        options = (
            {"rtsp_flags": "listen", "listen_timeout": "20"}
            if self.url.startswith("rtsp")
            else {"listen": "1", "timeout": "20"}
        )
        options |= {"probesize": "32", "analyzeduration": "0"}
        name = None if self.url.startswith("rtsp") else "flv"
        try:
            with av.open(self.url, format=name, options=options, timeout=(20, 5)) as container:
                for packet in container.demux(video=0):
                    if packet.size:
                        self.keyframes.append(packet.is_keyframe)
                        self.pictures.extend(packet.decode())
                    if self._stop_asked.is_set():
                        return
        except av.FFmpegError as exc:
            self.error = str(exc)

    def ask_to_stop(self) -> None:
        """End at the next packet."""
        self._stop_asked.set()

    def stop(self) -> None:
        self.ask_to_stop()
        self.join(25)


@contextmanager
def silent_server() -> Iterator[int]:
    """A port where connections are accepted and nothing is ever answered or read."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        taken: list[socket.socket] = []
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                try:
                    taken.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()
            for connection in taken:
                connection.close()

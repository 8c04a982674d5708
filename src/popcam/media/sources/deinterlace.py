"""Two half pictures to whole ones, by FFmpeg's bwdif filter."""

import av
from av.filter import Graph


class Deinterlacer:
    """A filter for pictures of one size and format. Each picture comes out one picture later."""

    def __init__(self, like: av.VideoFrame) -> None:
        self._shape = (like.width, like.height, like.format.name)
        self._graph = Graph()
        self._graph.threads = 1
        self._source = self._graph.add_buffer(
            width=like.width, height=like.height, format=like.format, time_base=like.time_base
        )
        bwdif = self._graph.add("bwdif", "mode=send_frame:deint=interlaced")
        self._sink = self._graph.add("buffersink")
        self._source.link_to(bwdif)
        bwdif.link_to(self._sink)
        self._graph.configure()

    def fits(self, picture: av.VideoFrame) -> bool:
        return (picture.width, picture.height, picture.format.name) == self._shape

    def process(self, picture: av.VideoFrame) -> list[av.VideoFrame]:
        self._source.push(picture)
        return self._pull()

    def flush(self) -> list[av.VideoFrame]:
        self._source.push(None)
        return self._pull()

    def _pull(self) -> list[av.VideoFrame]:
        pictures: list[av.VideoFrame] = []
        while True:
            try:
                picture = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return pictures
            if isinstance(picture, av.VideoFrame):
                pictures.append(picture)

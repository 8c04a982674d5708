"""Fan-out of live pictures: one subscription per camera and kind, a bounded queue per viewer."""

import asyncio
from collections import deque
from collections.abc import Callable

from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PreviewKind

Stream = tuple[str, PreviewKind]
_JPEG_QUEUE = 2
_H264_QUEUE = 30
"""About a second: a viewer that is further behind jumps to the next keyframe."""


class Viewer:
    """One viewer's queue and the iterator it reads. `dropped` counts the pictures it was too slow for."""

    def __init__(self, stream: Stream, want_keyframe: Callable[[Stream], None]) -> None:
        self._stream = stream
        self._want_keyframe = want_keyframe
        self._pictures: deque[PreviewPicture] = deque()
        self._arrived = asyncio.Event()
        self._ended = False
        self._until_keyframe = self.needs_keyframes
        self.dropped = 0

    @property
    def needs_keyframes(self) -> bool:
        """Whether pictures build upon one another."""
        return self._stream[1].startswith("preview.h264")

    def __aiter__(self) -> "Viewer":
        return self

    async def __anext__(self) -> PreviewPicture:
        while not self._pictures:
            if self._ended:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._pictures.popleft()

    def offer(self, picture: PreviewPicture) -> None:
        """Queue the newest picture; a slow viewer loses the oldest."""
        if self._until_keyframe:
            if not picture.header.keyframe:
                self.dropped += 1
                return
            self._until_keyframe = False
        self._pictures.append(picture)
        if self.needs_keyframes:
            self._shorten_h264()
        elif len(self._pictures) > _JPEG_QUEUE:
            self._pictures.popleft()
            self.dropped += 1
        self._arrived.set()

    def restart(self) -> None:
        """The stream begins anew, on another worker for example: go on at its first keyframe."""
        self._until_keyframe = self.needs_keyframes

    def end(self) -> None:
        """Let the iterator stop after what is queued."""
        self._ended = True
        self._arrived.set()

    def _shorten_h264(self) -> None:
        if len(self._pictures) <= _H264_QUEUE:
            return
        pictures = list(self._pictures)
        later_keyframes = [at for at, picture in enumerate(pictures) if at and picture.header.keyframe]
        if later_keyframes:
            kept = pictures[later_keyframes[-1] :]
        else:
            kept = []
            self._until_keyframe = True
            self._want_keyframe(self._stream)
        self.dropped += len(pictures) - len(kept)
        self._pictures = deque(kept)


class Audience:
    """All viewers. `on_first(stream)` and `on_last(stream)` tell when somebody begins to watch and nobody does any
    more; `on_keyframe(stream)` that a viewer can't go on without a keyframe."""

    def __init__(
        self,
        on_first: Callable[[Stream], None],
        on_last: Callable[[Stream], None],
        on_keyframe: Callable[[Stream], None],
    ) -> None:
        self._on_first = on_first
        self._on_last = on_last
        self._on_keyframe = on_keyframe
        self._viewers: dict[Stream, list[Viewer]] = {}
        self._closed = False

    def join(self, stream: Stream) -> Viewer:
        viewer = Viewer(stream, self._on_keyframe)
        if self._closed:
            viewer.end()
            return viewer
        viewers = self._viewers.setdefault(stream, [])
        viewers.append(viewer)
        if len(viewers) == 1:
            self._on_first(stream)
        if viewer.needs_keyframes:
            self._on_keyframe(stream)
        return viewer

    def leave(self, stream: Stream, viewer: Viewer) -> None:
        viewers = self._viewers.get(stream, [])
        if viewer not in viewers:
            return
        viewers.remove(viewer)
        if not viewers:
            del self._viewers[stream]
            self._on_last(stream)

    def offer(self, stream: Stream, picture: PreviewPicture) -> None:
        for viewer in self._viewers.get(stream, ()):
            viewer.offer(picture)

    def watched(self, camera_id: str) -> list[Stream]:
        """The streams of a camera that somebody watches."""
        return [stream for stream in self._viewers if stream[0] == camera_id]

    def restart(self, camera_id: str) -> None:
        """The camera runs on another worker now."""
        for stream in self.watched(camera_id):
            for viewer in self._viewers[stream]:
                viewer.restart()

    def open(self) -> None:
        """Take viewers again."""
        self._closed = False

    def close(self) -> None:
        """End every viewer's iterator."""
        self._closed = True
        for viewers in self._viewers.values():
            for viewer in viewers:
                viewer.end()
        self._viewers.clear()

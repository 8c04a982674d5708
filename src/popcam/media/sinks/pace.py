"""Which frames are taken when fewer are wanted than come."""

_FAR_S = 2.0
"""A time this far from the expected one is a jump of the stream, not a late frame."""


class Pace:
    """Lets at most `max_fps` frames per second through, spread evenly: the ones nearest to a steady beat."""

    def __init__(self, max_fps: float) -> None:
        self._interval_s = 1.0 / max_fps
        self._due_s: float | None = None

    def takes(self, pts_s: float, frame_interval_s: float) -> bool:
        """Say whether the frame at `pts_s` is taken; frames come about `frame_interval_s` apart."""
        due_s = self._due_s
        if due_s is None or abs(pts_s - due_s) > max(_FAR_S, 2 * self._interval_s):
            self._due_s = pts_s + self._interval_s
            return True
        # Half a frame of tolerance: a camera at just `max_fps` with some jitter must not lose every other frame.
        if pts_s < due_s - min(frame_interval_s, self._interval_s) / 2:
            return False
        # The beat goes on from where it was due, unless the frame is later than a whole beat.
        self._due_s = max(due_s, pts_s - self._interval_s / 2) + self._interval_s
        return True

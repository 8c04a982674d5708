"""What goes on when a source is lost and opened again: frame numbers, time stamps, generation."""

from dataclasses import dataclass


@dataclass(slots=True)
class Continuity:
    """Carried by the pipeline from one opening of a source to the next. One camera stream has one of these.

    Attributes:
        next_seq: number of the next frame.
        last_pts_s: highest time stamp given out so far, or None before the first.
        last_read_monotonic_s: when the newest packet or frame came, to let time stamps span an outage.
        generation: grows by one at each opening and each change of codec or size; 0 before the first opening.
        jumps: time stamps that had to be mended.
        lost_frames: packets that could not be decoded, or that nobody took in time.
        missing: pictures that never came, by the gaps that they left in the times of a live stream.
        damaged: packets that came damaged, by what the transport or the decoder says.
        clock_skew_s: the camera's clock minus ours, None where it does not tell the time.
        waiting: packets that had come and were not read yet, at the newest read.
    """

    next_seq: int = 0
    last_pts_s: float | None = None
    last_read_monotonic_s: float | None = None
    generation: int = 0
    jumps: int = 0
    lost_frames: int = 0
    missing: int = 0
    damaged: int = 0
    clock_skew_s: float | None = None
    waiting: int = 0

    @property
    def lost_packets(self) -> int:
        """All that should have become pictures and did not."""
        return self.lost_frames + self.missing + self.damaged

    def take_seq(self) -> int:
        """The number of the frame that is about to be given out."""
        seq = self.next_seq
        self.next_seq += 1
        return seq

    def lose(self, count: int = 1) -> None:
        """Leave a gap in the frame numbers for frames that were lost."""
        self.next_seq += count
        self.lost_frames += count

    def new_generation(self) -> int:
        self.generation += 1
        return self.generation

    def start_s(self, now_s: float, interval_s: float) -> float:
        """Where the time line of a new connection begins: 0 at first, later after the length of the outage."""
        if self.last_pts_s is None:
            return 0.0
        away_s = 0.0 if self.last_read_monotonic_s is None else now_s - self.last_read_monotonic_s
        return self.last_pts_s + max(interval_s, away_s)

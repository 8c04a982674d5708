"""The places for workers: who is there, how often one had to be started again, and why. Pure."""

from collections.abc import Iterable, Mapping

from popcam.core.facts import WorkerSlot
from popcam.fleet.judge import Judge
from popcam.fleet.link import WorkerLink
from popcam.fleet.plan import Phase


class SlotBook:
    """Counts the unwanted ends of workers by slot. What it remembers goes with the slot's last camera."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._restarts: dict[str, int] = {}
        self._whys: dict[str, str] = {}
        self.lost = 0
        """Unwanted ends in all, those of forgotten slots included."""

    def failed(self, slot: str, how: str) -> None:
        """A worker ended that should not have."""
        self.lost += 1
        self._restarts[slot] = self._restarts.get(slot, 0) + 1
        self._whys[slot] = how

    def slots(self, homes: Mapping[str, str], links: Iterable[WorkerLink], now_s: float) -> tuple[WorkerSlot, ...]:
        """See `Fleet.worker_slots`.

        Args:
            homes: slots of the wanted cameras.
            links: the living workers.
            now_s: monotonic time.
        """
        there = {link.slot: link for link in links}
        cameras: dict[str, list[str]] = {slot: list(link.placements) for slot, link in there.items()}
        for camera_id, slot in homes.items():
            if camera_id not in cameras.setdefault(slot, []):
                cameras[slot].append(camera_id)
        self._forget(self._restarts.keys() - cameras.keys())
        return tuple(
            WorkerSlot(
                worker_id=slot,
                up=slot in there and there[slot].phase is Phase.READY,
                restarts=self._restarts.get(slot, 0),
                camera_ids=tuple(sorted(camera_ids)),
                resting=self._judge.rests(slot, now_s),
                why=self._whys.get(slot, ""),
            )
            for slot, camera_ids in sorted(cameras.items())
        )

    def _forget(self, slots: Iterable[str]) -> None:
        for slot in list(slots):
            del self._restarts[slot], self._whys[slot]

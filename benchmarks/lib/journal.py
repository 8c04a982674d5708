"""What was measured so far, so that a script that was ended goes on where it was."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.lib.machine import commit

FOLDER: Final = Path(__file__).parents[2] / ".cache" / "bench"
LONGEST_H: Final = 12.0


class Journal:
    """Results of single runs of one script by name. A fresh one forgets what was there; one that resumes takes results
    of the same commit and the last hours."""

    def __init__(self, name: str, *, resume: bool, folder: Path = FOLDER) -> None:
        self._path = folder / f"{name}.json"
        self._runs: dict[str, Any] = {}
        head = {"commit": commit(), "began_unix_s": time.time()}
        if resume and self._path.exists():
            stored = json.loads(self._path.read_text("utf-8"))
            fresh = time.time() - stored["head"]["began_unix_s"] < LONGEST_H * 3600
            if fresh and stored["head"]["commit"] == head["commit"]:
                self._runs, head = stored["runs"], stored["head"]
        self._head = head

    def once(self, name: str, measure: Callable[[], Any]) -> Any:
        """The result of that name, measured now unless it is known. It must be JSON."""
        if name not in self._runs:
            self._runs[name] = measure()
            self._save()
        return self._runs[name]

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps({"head": self._head, "runs": self._runs}, indent=1), "utf-8")
        part.replace(self._path)

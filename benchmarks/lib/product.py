"""popcam's batch jobs as a user starts them: `popcam job run`, without a server, in a data folder of its own."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks.lib.running import Run, as_installed, run

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Product:
    """An installation with a data folder of its own, so that nothing of an earlier run is reused."""

    folder: Path

    def job(self, *arguments: str, output: Path, timeout_s: float) -> Run:
        """`popcam job run`, from the start of the program to its end.

        Raises:
            ProgramFailedError: it did not succeed in time.
        """
        program = str(Path(sys.executable).with_name("popcam"))
        own = ["--here", "--config", str(self.folder / "popcam.yaml")]
        command = [program, "job", "run", *arguments, "--output", str(output), "--on-conflict", "replace", *own]
        return run(command, timeout_s=timeout_s, cwd=self.folder, env={**as_installed(), "POPCAM_LANG": "en"})


@contextlib.contextmanager
def product() -> Iterator[Product]:
    """A fresh one."""
    with tempfile.TemporaryDirectory(prefix="popcam-bench-") as name:
        folder = Path(name)
        settings = {key: str(folder / key) for key in ("data_dir", "runtime_dir", "log_dir")}
        (folder / "popcam.yaml").write_text(json.dumps(settings), "utf-8")
        yield Product(folder)


def boxes_of(facts: Path) -> list[Array]:
    """The faces of a `.facts.jsonl`, per frame: (N, 4) xyxy in shares of the picture."""
    lines = facts.read_text("utf-8").splitlines()[1:]
    found = [[one["box"] for one in json.loads(line)["faces"]] for line in lines]
    return [np.array(boxes, np.float32).reshape(-1, 4) for boxes in found]


def only_file(folder: Path, pattern: str) -> Path:
    """The one result of that name.

    Raises:
        FileNotFoundError: there is none, or several.
    """
    found = sorted(folder.rglob(pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"{len(found)} files like {pattern} in the results")
    return found[0]

"""Each example of the guides that is marked as runnable is carried out against a real server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.guide_pages import Page, guides
from tests.fakes.popcam_site import Site, running_site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bash") is None or shutil.which("curl") is None, reason="needs bash and curl"),
]
ADDRESS = "127.0.0.1:8080"
LIMIT_S = 120.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with the cameras that the guides speak of; one has recorded already."""
    cameras = {
        "door": {"name": "Front door", "source": "demo:", "act": {"kind": "hide"}},
        "yard": {
            "source": "synthetic:?width=320&height=180&fps=10",
            "act": {"kind": "pass"},
            "record": {"mode": "continuous", "segment_s": 2},
        },
    }
    folder = tmp_path_factory.mktemp("site")
    with running_site(folder, cameras, workers={"count": 1}, security={"login": True}) as site:
        site.token = (folder / "run" / "shell.key").read_text("ascii").strip()
        site.wait_frames("door")
        site.wait_until(lambda: site.get("/api/v1/recordings?camera_id=yard")["items"])
        yield site


@pytest.mark.parametrize(
    "found", [one for one in guides("en") if one.runnable()], ids=lambda found: str(found.path.name)
)
def test_examples_run_in_their_order(found: Page, site: Site, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "POPCAM_URL": site.url,
        "POPCAM_TOKEN": site.token,
        "POPCAM_LANG": "en",
    }
    for block in found.runnable():
        text = block.text.replace(ADDRESS, f"127.0.0.1:{site.port}")
        program = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[block.language]
        done = subprocess.run(
            [*program, text],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"line {block.line}:\n{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"

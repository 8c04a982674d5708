"""How soon people hear of an alert: from the moment when it fires until the message is at the service.

    python -m benchmarks.notify_times [--runs 20] [--starts 5] [--quick]

With a real `popcam serve`, a camera that plays and records, one that is offline, and a webhook on loopback:

- `one after the other`: a rule about the camera that plays is made, fires, and is deleted again. The message has the
  camera's picture with it.
- `clip`: from then until the clip of the recording has followed it.
- `first after a start`: a fresh server whose camera is offline from the start: nothing that sends was loaded before.

An alert's time is the one that it tells itself (`fired_unix_s`); the 0.5 s of `alerts.group_wait_s` are in the figures.
"""

import argparse
import json
import random
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from benchmarks.lib.table import Figure, Wanted, percentile, show
from tests.fakes.hook_server import HookServer, Post
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.ports import free_port

WANTED = Wanted(1.0, 0.8, " s", most=True)
PLAYS = {"source": {"url": "synthetic:?width=640&height=360&fps=15"}, "record": {"mode": "continuous", "segment_s": 10}}
RULE = {
    "condition": {"kind": "metric", "metric": "popcam_camera_fps", "window_s": 2, "compare": ">", "threshold": 1},
    "cameras": ["plays"],
    "channels": ["hook"],
}


def channel(hook: HookServer) -> dict[str, Any]:
    """A webhook as a channel."""
    return {"apprise_url": f"json://127.0.0.1:{hook.port}/in", "clip": True, "resolved": False}


def one_after_the_other(folder: Path, runs: int) -> list[Figure]:
    """Alerts of a server that has run for a while."""
    arrived_s, clips_s = [], []
    with HookServer() as hook:
        settings = {"channels": {"hook": channel(hook)}}
        with running_site(folder, {"plays": PLAYS}, alerts=settings) as site:
            site.wait_frames("plays", 60)
            time.sleep(5)
            for run in range(runs + 1):
                fired_unix_s, message, clip = _fire(site, hook, f"rule-{run}")
                if run and "attachments" in message.json and message.json["attachments"]:
                    arrived_s.append(message.unix_s - fired_unix_s)
                    clips_s.append(clip.unix_s - fired_unix_s)
                time.sleep(random.random())
    return [
        Figure("one after the other, with picture", "s", tuple(arrived_s), WANTED),
        Figure("the same, P95", "s", (percentile(arrived_s, 0.95),), WANTED),
        Figure("clip of the recording, 5 s after the moment in it", "s", tuple(clips_s)),
    ]


def first_after_a_start(folder: Path, starts: int) -> list[Figure]:
    """The first alert of fresh servers."""
    arrived_s, memory_mb = [], []
    for start in range(starts):
        with HookServer() as hook:
            alerts = {"channels": {"hook": channel(hook)}, "rules": {"gone": _rule("Gone", "popcam_camera_up", "<")}}
            lost = {"source": {"url": f"rtsp://127.0.0.1:{free_port()}/gone"}}
            with running_site(folder / str(start), {"plays": lost}, alerts=alerts) as site:
                _wait(lambda hook=hook: _posts(hook, "Gone"))  # type: ignore[misc]
                arrived_s.append(_posts(hook, "Gone")[0].unix_s - _fired_unix_s(site, "gone"))
                time.sleep(5)
                memory_mb.append(psutil.Process(site.process.pid).memory_info().rss / 1e6)
    return [
        Figure("first after a start", "s", tuple(arrived_s), WANTED),
        Figure("memory of the server then", "MB", tuple(memory_mb)),
    ]


def _rule(name: str, metric: str, compare: str) -> dict[str, Any]:
    condition = {"kind": "metric", "metric": metric, "window_s": 2, "compare": compare, "threshold": 1}
    return {"name": name, "condition": condition, "channels": ["hook"]}


def _fire(site: Site, hook: HookServer, rule_id: str) -> tuple[float, Post, Post]:
    """Have a rule fire. Gives when it did, the message, and the clip."""
    _send(site, "POST", "/api/v1/alert-rules", {"id": rule_id, "spec": {"name": rule_id, **RULE}})
    _wait(lambda: _posts(hook, rule_id))
    fired_unix_s = _fired_unix_s(site, rule_id)
    _wait(lambda: len(_posts(hook, rule_id)) == 2)
    _send(site, "DELETE", f"/api/v1/alert-rules/{rule_id}")
    message, clip = _posts(hook, rule_id)
    return fired_unix_s, message, clip


def _posts(hook: HookServer, name: str) -> list[Post]:
    return [post for post in hook.posts if f"{name} - " in post.json["title"]]


def _fired_unix_s(site: Site, rule_id: str) -> float:
    alerts = site.get("/api/v1/alerts")["items"]
    return float(next(one["fired_unix_s"] for one in alerts if one["rule_id"] == rule_id))


def _send(site: Site, method: str, path: str, body: Any = None) -> None:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(site.url + path, data, headers, method=method)  # noqa: S310 - of our own server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - likewise


def _wait(condition: Callable[[], Any], timeout_s: float = 60.0) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError(f"not within {timeout_s} s")
        time.sleep(0.05)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="5 runs, 2 starts")
    chosen = parser.parse_args()
    runs, starts = (5, 2) if chosen.quick else (chosen.runs, chosen.starts)
    with tempfile.TemporaryDirectory(prefix="popcam-bench-") as folder:
        for start in range(starts):
            (Path(folder) / "first" / str(start)).mkdir(parents=True)
        (Path(folder) / "later").mkdir()
        figures = first_after_a_start(Path(folder) / "first", starts)
        show("Notifications", [*one_after_the_other(Path(folder) / "later", runs), *figures])


if __name__ == "__main__":
    main()

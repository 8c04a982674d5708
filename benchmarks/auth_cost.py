"""What asking for a login costs: status requests per second with login on / off, in turns within one run.

Two real `popcam serve` with one idle camera each, one asking nobody for a login, one asking everybody. The client is a
process of its own with eight kept connections. With login on it comes as a browser does (session cookie) and as a
machine does (API token). The second figure, the server's processor time for one request, holds on a busy machine too.
"""

import argparse
import json
import time
import urllib.request
from collections.abc import Iterable

from benchmarks.lib.server import RunningServer, running_server
from benchmarks.lib.status_load import requests
from benchmarks.lib.table import Figure, Wanted, ratios, show

from popcam.security.shell_key import read_shell_key

CAMERA = {"source": {"url": "synthetic:", "width_px": 320, "height_px": 240, "fps": 1}}
WARM_UP_S = 6.0
WANTED = Wanted(0.7, 0.85)
PASSWORD = "four words for one benchmark"  # noqa: S105 - of a server that lives for minutes


def credentials(server: RunningServer) -> dict[str, str]:
    """Header lines of a browser and of a machine of one new user."""
    shell = {"Authorization": f"Bearer {read_shell_key(server.site.folder / 'run')}"}
    _post(server, "/api/v1/users", {"name": "Ann", "password": PASSWORD, "role": "viewer"}, shell)
    cookie = _post(server, "/api/v1/auth/login", {"name": "Ann", "password": PASSWORD}, {})[1].split(";")[0]
    browser = {"Cookie": cookie, "X-Popcam-Csrf": "1"}
    token = _post(server, "/api/v1/tokens", {"name": "load", "role": "viewer"}, browser)[0]["token"]
    return {"session": f"Cookie: {cookie}\r\n", "token": f"Authorization: Bearer {token}\r\n"}


def _post(server: RunningServer, path: str, body: object, headers: dict[str, str]) -> tuple[dict[str, str], str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **headers},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
        return json.load(answer), answer.headers.get("Set-Cookie", "")


def figures_of(runs: Iterable[dict[str, tuple[float, float]]]) -> list[Figure]:
    """The table's rows."""
    taken = list(runs)
    rates = {name: [run[name][0] for run in taken] for name in taken[0]}
    cpu = {name: [run[name][1] for run in taken] for name in taken[0]}
    return [
        *(Figure(f"status requests, {name}", "1/s", tuple(values)) for name, values in rates.items()),
        *(Figure(f"server CPU for one, {name}", "ms", tuple(values)) for name, values in cpu.items()),
        ratios("requests, session / no login", rates["session"], rates["no login"], WANTED),
        ratios("requests, token / no login", rates["token"], rates["no login"], WANTED),
        ratios("CPU, no login / session", cpu["no login"], cpu["session"]),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--window-s", type=float, default=4.0)
    arguments = parser.parse_args()
    cameras, workers = {"cam": CAMERA}, {"count": 1}
    with (
        running_server(cameras, workers=workers, security={"login": False}) as free,
        running_server(cameras, workers=workers, security={"login": True}) as guarded,
    ):
        known = credentials(guarded)
        time.sleep(WARM_UP_S)
        runs = [
            {
                "no login": requests(free, arguments.window_s, ""),
                **{name: requests(guarded, arguments.window_s, header) for name, header in known.items()},
            }
            for _ in range(arguments.runs)
        ]
    show("What a login costs", figures_of(runs))


if __name__ == "__main__":
    main()

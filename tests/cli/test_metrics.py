"""`popcam metrics` asks a server, and prints what it answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from tests.cli.conftest import Popcam


def metric(name: str, unit: str, series: dict[str, float]) -> dict[str, Any]:
    told = [{"labels": {"of": of} if of else {}, "value": value} for of, value in series.items()]
    return {"name": name, "kind": "gauge", "unit": unit, "help": "", "labels": ["of"], "kept": True, "series": told}


METRICS = {
    "at_unix_s": 1_700_000_000.0,
    "metrics": [
        metric("popcam_camera_fps", "frames/second", {"door": 24.98, "yard": 15.0}),
        metric("popcam_camera_latency_seconds", "seconds", {"door": 0.0351}),
        metric("popcam_host_cpu_ratio", "ratio", {"": 0.125}),
        metric("popcam_process_rss_bytes", "bytes", {"server": 123_456_789.0}),
        metric("popcam_camera_bitrate_bits_per_second", "bits/second", {"door": 4_200_000.0}),
        metric("popcam_worker_restarts_total", "1", {"w1": 12345.0}),
    ],
}


class _Server(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        raw = json.dumps(METRICS).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        return


@pytest.fixture
def url() -> Iterator[str]:
    _Server.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_figures_are_printed_in_units_that_people_read(popcam: Popcam, url: str) -> None:
    result = popcam("metrics", "--url", url)
    assert result.status == 0, result
    assert lines(result.out)[1:] == [
        ["camera_fps", "door", "24.98", "frames/second"],
        ["camera_fps", "yard", "15", "frames/second"],
        ["camera_latency_seconds", "door", "35.1", "ms"],
        ["host_cpu_ratio", "12.5", "%"],
        ["process_rss_bytes", "server", "123.5", "MB"],
        ["camera_bitrate_bits_per_second", "door", "4.2", "M", "bits/second"],
        ["worker_restarts_total", "w1", "12345"],
    ]


@pytest.mark.parametrize("name", ["popcam_host_*", "host_cpu_ratio"])
def test_only_named_figures_are_printed(popcam: Popcam, url: str, name: str) -> None:
    assert len(lines(popcam("metrics", name, "--url", url).out)) == 2


def test_an_unknown_name_is_refused(popcam: Popcam, url: str) -> None:
    result = popcam("metrics", "nothing", "--url", url)
    assert (result.status, "[monitoring.metric_unknown]" in result.err) == (3, True), result


def test_one_camera_is_asked_for(popcam: Popcam, url: str) -> None:
    popcam("metrics", "--camera", "front door", "--url", url)
    assert _Server.asked == ["/api/v1/monitoring/metrics?camera_id=front+door"]


def test_json_is_what_the_api_answers(popcam: Popcam, url: str) -> None:
    printed = json.loads(popcam("metrics", "host_*", "--json", "--url", url).out)
    assert [one["name"] for one in printed["metrics"]] == ["popcam_host_cpu_ratio"]
    assert printed["at_unix_s"] == METRICS["at_unix_s"]


def test_without_a_server_it_says_so(popcam: Popcam) -> None:
    result = popcam("metrics", "--url", "http://127.0.0.1:9")
    assert "[server.unreachable]" in result.err

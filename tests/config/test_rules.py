"""Rules between single values, and addresses that can't be right."""

from typing import Any

import pytest

from popcam.config.model import ServerSettings
from popcam.config.rules import (
    SOURCE_SCHEMES,
    address_problem,
    camera_findings,
    id_problem,
    server_findings,
)
from popcam.core.addresses import RESTREAM_SCHEMES
from popcam.core.spec import CameraSpec, LineSpec, RestreamSpec, SourceSpec, ZoneSpec

TRIANGLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))


def places(**changes: Any) -> list[str]:
    camera = CameraSpec(**{"id": "front", "source": SourceSpec(url="demo:"), **changes})
    return [".".join(str(part) for part in path) for path, _ in camera_findings(camera)]


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://h/x",
        "rtsp://u:p@h:554/x?y#z",
        "rtsps://[2001:db8::1]:322/x",
        "http://h",
        "HTTPS://h/x.m3u8",
        "/film.mp4",
        "film.mp4",
        "C:\\film.mp4",
        "device:0",
        "device:/dev/video0",
        "synthetic:",
        "demo:",
        "images:/pictures",
    ],
)
def test_possible_source_is_taken(url: str) -> None:
    assert address_problem(url, SOURCE_SCHEMES, paths_too=True) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("rtps://h/x", "rtsps://"),
        ("htp://h/x", "http://"),
        ("ftp://h/x", "must begin with"),
        ("gopher://h/x", "must begin with"),
        ("file:///film.mp4", "without `file://`"),
        ("rtsp:/h/x", "`//` is missing"),
        ("rtsp://", "no host"),
        ("rtsp:///x", "no host"),
        ("rtsp://:554/x", "no host"),
        ("rtsp://h:0/x", "port 0"),
        ("rtsp://h:65536/x", "brackets and port"),
        ("rtsp://h:abc/x", "brackets and port"),
        ("rtsp://[2001:db8::1/x", "brackets and port"),
        ("rtsp://my host/x", "space"),
        ("rtsp://h/x\r\nX: y", "line breaks"),
        ("device:", "/dev/video0"),
    ],
)
def test_impossible_source_is_refused(url: str, reason: str) -> None:
    problem = address_problem(url, SOURCE_SCHEMES, paths_too=True)
    assert problem is not None
    assert reason in problem.en


@pytest.mark.parametrize("url", ["/film.mp4", "demo:", "http://h/x", "rtmp:/h"])
def test_restream_target_must_be_a_stream_server(url: str) -> None:
    assert address_problem(url, RESTREAM_SCHEMES, paths_too=False) is not None


@pytest.mark.parametrize("camera_id", ["a", "0", "front-door-2", "a" * 64, "a--b"])
def test_possible_id_is_taken(camera_id: str) -> None:
    assert id_problem(camera_id) is None


@pytest.mark.parametrize("camera_id", ["", "A", "-a", "a-", "a_b", "a b", "ä", "a/b", "..", "门口", "a" * 65, "a\n"])
def test_impossible_id_is_refused(camera_id: str) -> None:
    assert id_problem(camera_id) is not None


def test_likely_id_is_suggested() -> None:
    problem = id_problem("Front Door")
    assert problem is not None
    assert "`front-door`" in problem.zh


def test_fitting_camera_has_no_findings() -> None:
    line = LineSpec(name="gate", start=(0.0, 0.5), end=(1.0, 0.5))
    assert places(zones=(ZoneSpec(name="door", points=TRIANGLE),), lines=(line,)) == []


def test_zones_and_lines_have_different_names() -> None:
    zone = ZoneSpec(name="door", points=TRIANGLE)
    line = LineSpec(name="door", start=(0.0, 0.5), end=(1.0, 0.5))
    assert places(zones=(zone, zone), lines=(line,)) == ["zones.1.name", "lines.0.name"]


def test_ends_of_a_line_differ() -> None:
    assert places(lines=(LineSpec(name="l", start=(0.5, 0.5), end=(0.5, 0.5)),)) == ["lines.0.end"]


def test_zone_has_three_different_corners() -> None:
    flat = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.0), (0.0, 0.0))
    assert places(zones=(ZoneSpec(name="z", points=flat),)) == ["zones.0.points"]


def test_each_address_is_looked_at() -> None:
    wrong = SourceSpec(url="rtps://h")
    assert places(source=wrong, sub_source=wrong) == ["source.url", "sub_source.url"]


@pytest.mark.parametrize("proxies", [("proxy.lan",), ("10.0.0.0/40",), ("10.0.0.1", "x")])
def test_a_proxy_is_an_address_or_a_network(proxies: tuple[str, ...]) -> None:
    (found,) = server_findings(ServerSettings(trusted_proxies=proxies))
    assert found[0] == ("trusted_proxies", len(proxies) - 1)


def test_good_settings_of_the_server_have_no_findings() -> None:
    server = ServerSettings(trusted_proxies=("10.0.0.1", "fd00::/8"), tls="files", tls_cert="a.pem")
    assert not list(server_findings(server))


def test_tls_by_files_needs_one() -> None:
    assert [path for path, _ in server_findings(ServerSettings(tls="files"))] == [("tls_cert",)]


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "rtsp://[fe80::1]/x", "http://0xa9fea9fe/"])
def test_hosts_that_no_camera_has_are_named(url: str) -> None:
    assert places(source=SourceSpec(url=url)) == ["source.url"]
    assert places(sub_source=SourceSpec(url=url)) == ["sub_source.url"]


def test_a_restream_may_not_go_there_either() -> None:
    assert places(restream=(RestreamSpec(url="rtmp://169.254.169.254/live/x"),)) == ["restream.0.url"]


@pytest.mark.parametrize(("loopback", "wrong"), [(True, []), (False, ["source"])])
def test_this_machine_is_named_where_the_settings_forbid_it(loopback: bool, wrong: list[str]) -> None:
    camera = CameraSpec(id="front", source=SourceSpec(url="rtsp://127.0.0.1:8554/x"))
    assert [path[0] for path, _ in camera_findings(camera, loopback=loopback)] == wrong

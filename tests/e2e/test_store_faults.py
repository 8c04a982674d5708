"""Where cameras are kept fails, really: disks that are full or read-only, a server killed in the middle of a write.

Both stores behind a real server. What was answered as saved is there afterwards, and nothing else is.
"""

import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.fakes.api_client import Answer, ask
from tests.fakes.popcam_site import Site, running_site, start_site
from tests.fakes.small_disk import fill, remount, small_disk_at

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

API = "/api/v1/cameras"
STORES = ["file", "database"]
RESTING = {"source": "synthetic:?width=160&height=90&fps=5", "auto_start": False}
CAMERAS = {"a": {"name": "A", **RESTING}, "b": {"name": "B", **RESTING}}


@contextmanager
def site_on(disk: Path, folder: Path, store: str) -> Iterator[Site]:
    """What the store writes lies on the disk, all else in the folder."""
    own = {name: str(folder / name) for name in ("runtime_dir", "log_dir", "data_dir")}
    if store == "database":
        own["data_dir"] = str(disk / "data")
    home = disk if store == "file" else folder
    (folder / "elsewhere.log").touch()
    if store == "file" and not (home / "server.log").is_symlink():
        (home / "server.log").symlink_to(folder / "elsewhere.log")
    with running_site(home, CAMERAS, camera_store=store, workers={"count": 1}, **own) as site:
        yield site


def settings_of(site: Site) -> dict[str, Any]:
    return {camera["id"]: ask(site.port, "GET", f"{API}/{camera['id']}").json["settings"] for camera in listed(site)}


def listed(site: Site) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = site.get(API)["items"]
    return items


def assert_refused(site: Site, code: str, *answers: Answer) -> None:
    """Each of them was, by this name; the server goes on, and what needs no store can still be done."""
    for answer in answers:
        assert (answer.status, answer.json["code"]) == (507, code), answer.text
        assert answer.json["hint"]
    assert ask(site.port, "POST", f"{API}/a/start").json["ok"]
    assert ask(site.port, "POST", f"{API}/a/stop").json["ok"]


@pytest.mark.parametrize(
    ("store", "size", "code"), [("file", "64k", "camera.store_full"), ("database", "1m", "database.full")]
)
def test_a_full_disk_refuses_by_name_keeps_everything_and_heals(
    tmp_path: Path, store: str, size: str, code: str
) -> None:
    many = {"cameras": [{"name": "C" * 200, "groups": ["x" * 60, "y" * 60], **RESTING}] * 300}
    with small_disk_at(tmp_path / "disk", size) as disk, site_on(disk, tmp_path, store) as site:
        before = settings_of(site)
        fill(disk / "filler")
        assert_refused(site, code, ask(site.port, "POST", f"{API}/batch", many))
        assert settings_of(site) == before
        (disk / "filler").unlink()
        site.wait_until(lambda: ask(site.port, "PATCH", f"{API}/a", {"name": "New"}).status == 200, 60)
        assert settings_of(site)["a"]["name"] == "New"


def everything(site: Site) -> list[Answer]:
    """One of each change."""
    return [
        ask(site.port, "PATCH", f"{API}/a", {"name": "New"}),
        ask(site.port, "PUT", f"{API}/a", RESTING),
        ask(site.port, "DELETE", f"{API}/a"),
        ask(site.port, "POST", API, RESTING),
        ask(site.port, "POST", f"{API}/a/deactivate"),
        ask(site.port, "PUT", f"{API}/a/auto-start?auto_start=true"),
    ]


def test_a_read_only_file_system_refuses_each_change_by_name(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk") as disk, site_on(disk, tmp_path, "file") as site:
        before = settings_of(site)
        remount(disk, "ro")
        assert_refused(site, "camera.store_read_only", *everything(site))
        assert settings_of(site) == before
        assert not site.get("/api/v1/settings/state")["writable"]
        saved = ask(site.port, "PATCH", "/api/v1/settings", {"log": {"level": "debug"}})
        assert (saved.status, saved.json["code"]) == (507, "config.read_only")
        remount(disk, "rw")
        assert ask(site.port, "PATCH", f"{API}/a", {"name": "New"}).status == 200


def test_a_database_on_a_read_only_file_system_refuses_each_change_and_cameras_run(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "1m") as disk:
        with site_on(disk, tmp_path, "database"):
            pass  # makes the database
        remount(disk, "ro")
        with site_on(disk, tmp_path, "database") as site:
            before = settings_of(site)
            assert_refused(site, "database.read_only", *everything(site))
            assert settings_of(site) == before
            assert ask(site.port, "GET", "/api/v1/camera-store").json["error"]["code"] == "database.read_only"
            assert ask(site.port, "GET", "/ready").status == 503


class Editors:
    """People who rename cameras all the time, and remember what they were told was saved.

    Each camera has one editor, so what its last saved name must be is known exactly.
    """

    def __init__(self, site: Site, ids: list[str]) -> None:
        self._site = site
        self._ending = threading.Event()
        self.saved: dict[str, str] = {}
        self.asked: dict[str, str] = {}
        self.count = 0
        self._threads = [threading.Thread(target=self._edit, args=(camera_id,)) for camera_id in ids]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _edit(self, camera_id: str) -> None:
        number = 0
        while not self._ending.is_set():
            number += 1
            self.asked[camera_id] = f"{camera_id} {number} {'x' * (number % 50)}"
            try:
                answer = ask(self._site.port, "PATCH", f"{API}/{camera_id}", {"name": self.asked[camera_id]})
            except OSError:
                return  # the server was killed
            if answer.status == 200:
                self.saved[camera_id] = self.asked[camera_id]
                self.count += 1


@pytest.mark.parametrize("store", STORES)
def test_a_server_killed_while_people_save_loses_nothing_that_it_confirmed(tmp_path: Path, store: str) -> None:
    ids = [f"cam-{number}" for number in range(6)]
    cameras: dict[str, Any] = {camera_id: {"name": camera_id, **RESTING} for camera_id in ids}
    names = dict.fromkeys(ids, "")
    moment = random.Random(7)
    for round_number in range(3):
        site = start_site(tmp_path, cameras, camera_store=store, workers={"count": 1})
        try:
            site.wait_until(partial(site.get, "/health"))
            if round_number:
                assert {camera["id"]: camera["name"] for camera in listed(site)} == names
            editors = Editors(site, ids)
            time.sleep(0.5 + moment.random())
            site.process.send_signal(signal.SIGKILL)
            site.process.wait()
            editors.stop()
            assert editors.count > 5
            found = read_names(tmp_path, site, store, ids)
        finally:
            if site.process.poll() is None:
                site.process.kill()
                site.process.wait()
        for camera_id in ids:
            assert found[camera_id] in {editors.saved.get(camera_id, names[camera_id]), editors.asked[camera_id]}
        names = found
        cameras = (
            {camera_id: {"name": names[camera_id], **RESTING} for camera_id in ids} if store == "file" else cameras
        )


def read_names(folder: Path, site: Site, store: str, ids: list[str]) -> dict[str, str]:
    """What is kept, looked at without popcam."""
    if store == "file":
        cameras = YAML(typ="safe").load(site.settings_file.read_text("utf-8"))["cameras"]
        return {camera_id: cameras[camera_id]["name"] for camera_id in ids}
    connection = sqlite3.connect(folder / "data" / "popcam.db")
    try:
        return dict(connection.execute("SELECT camera_id, name FROM cameras"))
    finally:
        connection.close()


@pytest.mark.parametrize("store", STORES)
def test_a_worker_that_dies_during_updates_changes_none_of_them(tmp_path: Path, store: str) -> None:
    cameras = {"a": {"source": "synthetic:?width=160&height=90&fps=5", "act": {"kind": "pass"}}}
    with running_site(tmp_path, cameras, camera_store=store, workers={"count": 1}) as site:
        site.wait_frames("a")
        victim = site.status("a")["pid"]
        with ThreadPoolExecutor(4) as pool:
            width = [
                pool.submit(ask, site.port, "PATCH", f"{API}/a", {"preview": {"max_fps": fps}}) for fps in range(5, 13)
            ]
            os.kill(victim, signal.SIGKILL)
            answers: list[Answer] = [one.result() for one in width]
        assert {answer.status for answer in answers} == {200}
        last = settings_of(site)["a"]["preview"]["max_fps"]
        assert last in range(5, 13)
        site.wait_until(
            lambda: site.status("a")["pid"] not in {None, victim} and site.status("a")["state"] == "running"
        )
        assert settings_of(site)["a"]["preview"]["max_fps"] == last

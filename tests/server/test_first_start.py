"""The first start of a real server that asks for a login: from the printed address to what the shell changes."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests.fakes.accounts import CSRF, OTHER_PASSWORD, PASSWORD

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
YAML = """
server: {{port: 0}}
security: {{login: true}}
data_dir: {folder}/data
runtime_dir: {folder}/run
log_dir: {folder}/log
cameras:
  door: {{source: "demo:"}}
"""
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("POPCAM_")} | {
    "POPCAM_LANG": "en"
}


class Started(NamedTuple):
    """A server that runs, with what it printed."""

    url: str
    token: str
    folder: Path
    process: "subprocess.Popen[str]"

    def popcam(self, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """The command, on the same settings."""
        run = "from popcam.cli.main import main; main()"
        command = [sys.executable, "-c", run, *words, "--config", str(self.folder / "popcam.yaml")]
        return subprocess.run(
            command, input=typed, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
        )

    def browser(self, name: str, password: str) -> httpx.Client:
        browser = httpx.Client(base_url=self.url, headers=CSRF, timeout=60)
        answer = browser.post("/api/v1/auth/login", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        return browser


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("first")
    (folder / "popcam.yaml").write_text(YAML.format(folder=folder))
    with (folder / "stderr.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.server_process", str(folder / "popcam.yaml")],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        lines = process.stdout.readline() + process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+)/setup#token=(\S+)", lines)
        assert found is not None, lines
        yield Started(found[1], found[2], folder, process)
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def admin(started: Started) -> Iterator[httpx.Client]:
    """The first administrator, made with the printed address."""
    with httpx.Client(base_url=started.url, headers=CSRF, timeout=60) as browser:
        wanted = {"token": started.token, "name": "Ann", "password": PASSWORD}
        answer = browser.post("/api/v1/auth/setup", json=wanted)
        assert answer.status_code == 200, answer.text
        yield browser


def test_the_printed_address_makes_the_first_administrator(admin: httpx.Client) -> None:
    me = admin.get("/api/v1/auth/me").json()
    assert (me["user"]["name"], me["role"], me["setup_needed"]) == ("Ann", "admin", False)


def test_it_works_once(started: Started, admin: httpx.Client) -> None:
    wanted = {"token": started.token, "name": "Eve", "password": PASSWORD}
    answer = httpx.post(f"{started.url}/api/v1/auth/setup", json=wanted, timeout=60)
    assert answer.json()["code"] == "access.setup_closed"


def test_what_was_printed_and_typed_is_in_no_file(started: Started, admin: httpx.Client) -> None:
    cookie = admin.cookies["popcam_session"]
    files = [path for path in started.folder.rglob("*") if path.is_file()]
    assert any(path.name == "popcam.db" for path in files)
    for secret in (started.token, PASSWORD, cookie):
        assert [path.name for path in files if secret.encode() in path.read_bytes()] == []


def test_a_user_of_the_shell_comes_in_at_once_and_is_out_within_seconds(started: Started, admin: httpx.Client) -> None:
    added = started.popcam("user", "add", "Bob", "--role", "operator", typed=f"{OTHER_PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    browser = started.browser("Bob", OTHER_PASSWORD)
    assert browser.get("/api/v1/cameras").status_code == 200
    assert started.popcam("user", "disable", "bob").returncode == 0
    until_s = time.monotonic() + 30
    while browser.get("/api/v1/cameras").status_code != 401:
        assert time.monotonic() < until_s
        time.sleep(0.1)
    browser.close()


def test_what_the_shell_did_beside_the_server_is_in_one_whole_audit_log(started: Started, admin: httpx.Client) -> None:
    done = started.popcam("user", "set-role", "Ann", "viewer")
    assert "user.last_admin" in done.stderr
    started.popcam("user", "add", "Eve", typed=f"{OTHER_PASSWORD}\n")
    actions = {entry["action"] for entry in admin.get("/api/v1/audit").json()["items"]}
    assert {"user.setup", "user.create"} <= actions
    assert admin.post("/api/v1/audit/verify").json()["ok"] is True


def test_the_shell_asks_the_server_with_the_key_that_its_user_can_read(started: Started, admin: httpx.Client) -> None:
    key = (started.folder / "run" / "shell.key").read_text()
    answer = httpx.get(f"{started.url}/api/v1/users", headers={"Authorization": f"Bearer {key}"}, timeout=60)
    assert "Ann" in {user["name"] for user in answer.json()["items"]}

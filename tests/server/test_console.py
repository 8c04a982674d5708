"""The console's files."""

import gzip
import os
from pathlib import Path

import pytest
from tests.server.conftest import Rig

from popcam.server.static_files import weights_of

SCRIPT = "export const words = " + 200 * "[1, 2, 3]"
AS_BROTLI = b"stands for brotli, which Python can't unpack"


@pytest.fixture
def console(rig: Rig) -> Path:
    folder = rig.services.options.console_dir
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>console</title>")
    script = folder / "assets" / "app-1a2b.js"
    script.write_text(SCRIPT)
    script.with_name("app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    script.with_name("app-1a2b.js.br").write_bytes(AS_BROTLI)
    (folder / "assets" / "plain-3c4d.js").write_text("export {}")
    (folder / ".digest").write_text("0")
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    return folder


@pytest.mark.usefixtures("console")
@pytest.mark.parametrize("path", ["/", "/cameras/door", "/index.html"])
async def test_every_page_of_the_console_is_its_index_and_is_asked_for_each_time(rig: Rig, path: str) -> None:
    answer = await rig.client.get(path)
    assert (answer.text, answer.headers["cache-control"]) == ("<title>console</title>", "no-cache")


@pytest.mark.usefixtures("console")
async def test_files_with_a_hash_in_their_name_are_kept_for_long(rig: Rig) -> None:
    answer = await rig.client.get("/assets/app-1a2b.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.usefixtures("console")
@pytest.mark.parametrize(
    "path",
    [
        "/assets/old.js",
        "/%2e%2e/secret.txt",
        "/link.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/app-1a2b.js.gz",
        "/.digest",
    ],
)
async def test_what_is_not_the_consoles_is_not_found(rig: Rig, path: str) -> None:
    answer = await rig.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


@pytest.mark.usefixtures("console")
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("gzip;q=no", None),
        ("", None),
    ],
)
async def test_each_reader_gets_the_smallest_copy_that_it_understands(
    rig: Rig, accepted: str, encoding: str | None
) -> None:
    async with rig.client.stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-length"] == str(len(raw))
    plain = {"br": AS_BROTLI, None: SCRIPT.encode()}.get(encoding)
    assert (gzip.decompress(raw) if plain is None else raw) == (plain or SCRIPT.encode())


@pytest.mark.usefixtures("console")
async def test_a_file_without_packed_copies_is_sent_as_it_is(rig: Rig) -> None:
    answer = await rig.client.get("/assets/plain-3c4d.js", headers={"Accept-Encoding": "br, gzip"})
    assert ("content-encoding" not in answer.headers, answer.text) == (True, "export {}")


@pytest.mark.usefixtures("console")
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_what_the_reader_has_already_is_not_sent_again(rig: Rig, form: str) -> None:
    first = await rig.client.get("/")
    again = await rig.client.get("/", headers={"If-None-Match": form.format(first.headers["etag"])})
    assert (again.status_code, again.content) == (304, b"")
    assert {"etag", "vary", "cache-control"} <= set(again.headers)


async def test_a_new_build_of_the_same_size_and_time_is_sent(rig: Rig, console: Path) -> None:
    index = console / "index.html"
    first = await rig.client.get("/")
    before = index.stat()
    index.write_text("<title>CONSOLE</title>")
    os.utime(index, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = await rig.client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.text) == (200, "<title>CONSOLE</title>")


@pytest.mark.usefixtures("console")
async def test_copies_in_different_encodings_have_different_tags(rig: Rig) -> None:
    tags = {
        (await rig.client.head("/assets/app-1a2b.js", headers={"Accept-Encoding": accepted})).headers["etag"]
        for accepted in ("br", "gzip", "identity")
    }
    assert len(tags) == 3


def test_an_unreadable_weight_is_none() -> None:
    assert weights_of("br;q=1;x, gzip;q=0.8, *") == {"br": 0.0, "gzip": 0.8, "*": 1.0}


@pytest.mark.usefixtures("console")
async def test_head_is_answered(rig: Rig) -> None:
    answer = await rig.client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_without_a_build_a_page_says_so_in_both_languages(rig: Rig) -> None:
    text = (await rig.client.get("/")).text
    assert "was not built" in text
    assert "尚未构建" in text

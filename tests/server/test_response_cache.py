"""Answers that are kept: who gets them, and that a change is visible to the next read."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from tests.fakes.guarded_app import Answer as Told
from tests.fakes.guarded_app import GuardedApp, guarded_app

from popcam.core.access import Scope
from popcam.core.errors import CacheUnavailableError
from popcam.core.facts import CameraState
from popcam.server.cache_backends import Answer, MemoryAnswers
from popcam.server.kept_answers import KEPT, READS, Question
from popcam.server.needs import declared
from popcam.server.response_cache import ResponseCache

STATUS = "/api/v1/cameras/door/status"
CAMERAS = "/api/v1/cameras"
Ask = Callable[..., Any]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        yield site


@pytest.fixture
async def cache(site: GuardedApp) -> ResponseCache:
    assert site.services.operating is not None
    assert site.services.operating.cache is not None
    return site.services.operating.cache


@pytest.fixture
async def admin(site: GuardedApp) -> dict[str, str]:
    return await site.session(await site.user("anna", "admin"))


def came_from(answer: Told) -> str:
    """What the answer says of where it comes from."""
    return answer.headers["cache-status"].split(";")[1].strip()


def report(site: GuardedApp, state: CameraState, **facts: Any) -> None:
    site.fleet.report("door", state, **facts)


@pytest.mark.parametrize("path", [CAMERAS, STATUS, "/status", "/api/v1/groups", "/api/v1/cameras/door"])
async def test_the_second_read_is_answered_from_what_is_kept(
    site: GuardedApp, admin: dict[str, str], path: str
) -> None:
    first, second = await site.ask("GET", path, admin), await site.ask("GET", path, admin)
    assert [came_from(first), came_from(second)] == ["fwd=miss", "hit"]
    assert second.text == first.text
    assert second.headers["content-type"] == "application/json"


async def test_every_route_that_is_kept_exists_and_only_looks(site: GuardedApp) -> None:
    paths = {route.path for route in declared(site.app) if "GET" in route.methods}
    posts = {route.path for route in declared(site.app) if "POST" in route.methods}
    assert set(KEPT) <= paths
    assert posts >= READS


async def test_who_has_the_answer_already_gets_304(site: GuardedApp, admin: dict[str, str]) -> None:
    first = await site.ask("GET", CAMERAS, admin)
    again = await site.ask("GET", CAMERAS, {**admin, "if-none-match": first.headers["etag"]})
    assert (again.status, again.text, again.headers["etag"]) == (304, "", first.headers["etag"])
    assert again.headers["cache-control"] == "no-store"
    assert "content-length" not in again.headers


async def test_304_needs_nothing_that_is_kept(site: GuardedApp, admin: dict[str, str], cache: ResponseCache) -> None:
    cache.enabled = False
    first = await site.ask("GET", STATUS, admin)
    again = await site.ask("GET", STATUS, {**admin, "if-none-match": first.headers["etag"]})
    assert (first.status, again.status) == (200, 304)
    assert cache.entries() == []


async def test_a_version_of_settings_is_no_tag_of_the_whole_answer(site: GuardedApp, admin: dict[str, str]) -> None:
    first = await site.ask("GET", "/api/v1/cameras/door", admin)
    again = await site.ask("GET", "/api/v1/cameras/door", {**admin, "if-none-match": first.headers["etag"]})
    assert again.status == 200


async def test_a_report_of_the_camera_is_visible_to_the_next_read(site: GuardedApp, admin: dict[str, str]) -> None:
    report(site, CameraState.RUNNING, fps=10.0)
    await site.ask("GET", STATUS, admin)
    report(site, CameraState.RUNNING, fps=25.0)
    assert (await site.ask("GET", STATUS, admin)).json["fps"] == 25.0


async def test_a_change_of_state_is_visible_to_the_next_read_of_all(site: GuardedApp, admin: dict[str, str]) -> None:
    report(site, CameraState.RUNNING)
    before = await site.ask("GET", CAMERAS, admin)
    report(site, CameraState.FAILED)
    after = await site.ask("GET", CAMERAS, admin)
    assert "failed" not in before.text
    assert "failed" in after.text


async def test_figures_of_one_camera_leave_the_list_as_it_is(site: GuardedApp, admin: dict[str, str]) -> None:
    report(site, CameraState.RUNNING, fps=10.0)
    await site.ask("GET", CAMERAS, admin)
    report(site, CameraState.RUNNING, fps=10.1)
    assert came_from(await site.ask("GET", CAMERAS, admin)) == "hit"


async def test_a_write_is_visible_to_the_next_read(site: GuardedApp, admin: dict[str, str]) -> None:
    before = await site.ask("GET", CAMERAS, admin)
    written = await site.ask("POST", "/api/v1/cameras/yard/stop", admin)
    after = await site.ask("GET", CAMERAS, admin)
    assert written.status == 200
    wanted = [[camera["wanted"] for camera in answer.json["items"]] for answer in (before, after)]
    assert wanted == [[True, True], [True, False]]


async def test_a_write_that_is_refused_ends_nothing_it_did_not_reach(site: GuardedApp, admin: dict[str, str]) -> None:
    viewer = await site.session(await site.user("vera", "viewer"))
    await site.ask("GET", CAMERAS, admin)
    assert (await site.ask("POST", "/api/v1/cameras/yard/stop", viewer)).status == 403
    assert came_from(await site.ask("GET", CAMERAS, admin)) == "hit"


async def test_a_question_that_is_posted_is_no_write(site: GuardedApp, admin: dict[str, str]) -> None:
    await site.ask("GET", CAMERAS, admin)
    assert (await site.ask("POST", "/api/v1/cameras/batch-status", admin, {})).status == 200
    assert came_from(await site.ask("GET", CAMERAS, admin)) == "hit"


async def test_settings_that_were_read_again_are_visible_to_the_next_read(
    site: GuardedApp, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch, cache: ResponseCache
) -> None:
    state = site.services.settings.state()
    cache.attach(site.services.hub, lambda: state)
    await site.ask("GET", "/status", admin)
    state = replace(state, reloads=7)
    assert came_from(await site.ask("GET", "/status", admin)) == "fwd=miss"


async def test_a_viewer_who_comes_is_visible_to_the_next_read(site: GuardedApp, admin: dict[str, str]) -> None:
    counts = [(await site.ask("GET", "/status", admin)).json["viewers"]]
    site.services.viewers += 1
    counts.append((await site.ask("GET", "/status", admin)).json["viewers"])
    assert counts == [0, 1]


@pytest.mark.parametrize("topic", ["health", "alerts", "cameras"])
async def test_what_open_pages_are_told_ends_what_was_made_before(
    site: GuardedApp, admin: dict[str, str], cache: ResponseCache, topic: str
) -> None:
    await site.ask("GET", "/status", admin)
    cache.heard(topic)
    assert came_from(await site.ask("GET", "/status", admin)) == "fwd=miss"


async def test_nobody_gets_an_answer_to_somebody_with_other_rights(site: GuardedApp, admin: dict[str, str]) -> None:
    limited = await site.session(await site.user("yara", "viewer", Scope(cameras=frozenset({"yard"}))))
    group = await site.session(await site.user("gerd", "viewer", Scope(groups=frozenset({"entrance"}))))
    ids = [
        [camera["id"] for camera in (await site.ask("GET", CAMERAS, who)).json["items"]]
        for who in (admin, limited, group, admin, limited, group)
    ]
    assert ids == [["door", "yard"], ["yard"], ["door"]] * 2


async def test_who_may_not_look_gets_nothing_of_what_is_kept(site: GuardedApp, admin: dict[str, str]) -> None:
    assert (await site.ask("GET", STATUS, admin)).status == 200
    limited = await site.session(await site.user("yara", "viewer", Scope(cameras=frozenset({"yard"}))))
    assert [(await site.ask("GET", STATUS, who)).status for who in (limited, None)] == [404, 401]


async def test_status_of_nobody_is_not_that_of_somebody(site: GuardedApp, admin: dict[str, str]) -> None:
    await site.ask("GET", "/status", admin)
    assert (await site.ask("GET", "/status")).json == {"status": "ok", "version": ""}


async def test_each_language_has_its_own(site: GuardedApp, admin: dict[str, str]) -> None:
    report(site, CameraState.FAILED)
    answers = [await site.ask("GET", STATUS, {**admin, "accept-language": tag}) for tag in ("en", "zh", "zh-CN")]
    assert [came_from(answer) for answer in answers] == ["fwd=miss", "fwd=miss", "hit"]


async def test_the_query_is_part_of_the_question(site: GuardedApp, admin: dict[str, str]) -> None:
    counts = [
        len((await site.ask("GET", CAMERAS, admin, query=query)).json["items"])
        for query in ("group=garden", "", "group=x")
    ]
    assert counts == [1, 2, 0]


async def test_made_up_parameters_fill_nothing(site: GuardedApp, admin: dict[str, str], cache: ResponseCache) -> None:
    for number in range(5):
        assert (await site.ask("GET", CAMERAS, admin, query=f"made_up={number}")).status == 200
    assert cache.entries() == []


async def test_refusals_are_not_kept(site: GuardedApp, admin: dict[str, str], cache: ResponseCache) -> None:
    assert (await site.ask("GET", "/api/v1/cameras/nobody/status", admin)).status == 404
    assert cache.entries() == []


# --- the cache alone ---


def asking(query: str = "", **headers: str) -> Request:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": CAMERAS, "headers": given, "query_string": query.encode()}
    return Request(scope)


class Kitchen:
    """Makes answers, and counts them."""

    def __init__(self, *, gate: asyncio.Event | None = None, fails: int = 0) -> None:
        self.made = 0
        self._gate = gate
        self._fails = fails

    async def __call__(self, _request: Request) -> Response:
        self.made += 1
        number = self.made
        if self._gate is not None:
            await self._gate.wait()
        if number <= self._fails:
            raise ConnectionError("broke")
        return Response(f"answer {number}", media_type="application/json")


async def test_an_answer_ends_with_its_life(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, kitchen, times_s = ResponseCache(), Kitchen(), [100.0]
    monkeypatch.setattr("popcam.server.response_cache.time", SimpleNamespace(monotonic=lambda: times_s[-1]))
    for now_s in (100.0, 101.9, 102.0):
        times_s.append(now_s)
        await cache.answer(CAMERAS, asking(), kitchen)
    assert kitchen.made == 2


async def test_many_who_ask_at_once_are_served_by_one_making() -> None:
    cache, gate = ResponseCache(), asyncio.Event()
    kitchen = Kitchen(gate=gate)
    asked = [asyncio.create_task(cache.answer(CAMERAS, asking(), kitchen)) for _ in range(20)]
    await asyncio.sleep(0)
    gate.set()
    assert {bytes((await task).body) for task in asked} == {b"answer 1"}
    assert (cache.counts.hits, cache.counts.misses, kitchen.made) == (19, 1, 1)


async def test_a_change_while_an_answer_is_made_makes_it_unfit_for_later_ones() -> None:
    cache, gate = ResponseCache(), asyncio.Event()
    kitchen = Kitchen(gate=gate)
    first = asyncio.create_task(cache.answer(CAMERAS, asking(), kitchen))
    await asyncio.sleep(0)
    cache.written()
    second = asyncio.create_task(cache.answer(CAMERAS, asking(), kitchen))
    gate.set()
    assert [bytes((await task).body) for task in (first, second)] == [b"answer 1", b"answer 2"]
    assert bytes((await cache.answer(CAMERAS, asking(), kitchen)).body) == b"answer 2"


async def test_who_waits_for_a_making_that_breaks_makes_their_own() -> None:
    cache, gate = ResponseCache(), asyncio.Event()
    kitchen = Kitchen(gate=gate, fails=1)
    asked = [asyncio.create_task(cache.answer(CAMERAS, asking(), kitchen)) for _ in range(2)]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(results[0], ConnectionError)
    assert cast(Response, results[1]).body == b"answer 2"


async def test_a_write_counts_however_it_ends() -> None:
    cache, kitchen = ResponseCache(), Kitchen()
    await cache.answer(CAMERAS, asking(), kitchen)

    async def breaks(_request: Request) -> Response:
        raise ConnectionError("broke in the middle")

    write = Request({"type": "http", "method": "POST", "path": CAMERAS, "headers": []})
    with pytest.raises(ConnectionError):
        await cache.answer(CAMERAS, write, breaks)
    await cache.answer(CAMERAS, asking(), kitchen)
    assert kitchen.made == 2


@pytest.mark.parametrize(
    "response",
    [
        Response("no", status_code=404),
        Response("welcome", headers={"set-cookie": "session=1"}),
        StreamingResponse(iter(["endless"])),
        Response(b"x" * 8_000_001),
    ],
    ids=["failure", "cookie", "stream", "large"],
)
async def test_what_can_not_be_kept_is_passed_on(response: Response) -> None:
    cache = ResponseCache()

    async def handle(_request: Request) -> Response:
        return response

    assert await cache.answer(CAMERAS, asking(), handle) is response
    assert cache.entries() == []
    assert cache.counts.misses == 1


async def test_entries_tell_what_is_kept_newest_first() -> None:
    cache, kitchen = ResponseCache(unix_s=lambda: 7.0), Kitchen()
    await cache.answer(CAMERAS, asking("group=a"), kitchen)
    for _ in range(3):
        await cache.answer(CAMERAS, asking("group=b"), kitchen)
    told = [(entry.question.query, entry.hits, entry.size_bytes, entry.made_unix_s) for entry in cache.entries()]
    assert told == [((("group", "b"),), 2, 8, 7.0), ((("group", "a"),), 0, 8, 7.0)]


async def test_a_change_takes_its_answers_out_of_the_entries() -> None:
    cache, kitchen = ResponseCache(), Kitchen()
    await cache.answer(CAMERAS, asking(), kitchen)
    cache.heard("brief", "door")
    assert cache.entries() == []


async def test_clearing_tells_how_many_there_were_and_makes_all_anew() -> None:
    cache, kitchen = ResponseCache(), Kitchen()
    await cache.answer(CAMERAS, asking(), kitchen)
    assert await cache.clear() == 1
    await cache.answer(CAMERAS, asking(), kitchen)
    assert kitchen.made == 2


async def test_the_share_that_was_spared_is_counted_per_route() -> None:
    cache, kitchen = ResponseCache(), Kitchen()
    ratios = [cache.counts.spared_ratio]
    for _ in range(4):
        await cache.answer(CAMERAS, asking(), kitchen)
        ratios.append(cache.counts.spared_ratio)
    assert ratios == [None, 0.0, 0.5, pytest.approx(2 / 3), 0.75]
    assert cache.by_path[CAMERAS].asked == 4


class Broken(MemoryAnswers):
    """Can't be reached."""

    async def get(self, question: Question) -> Answer | None:
        raise CacheUnavailableError("refused")

    async def put(self, question: Question, answer: Answer) -> None:
        raise CacheUnavailableError("refused")


async def test_requests_are_answered_without_a_store_that_fails() -> None:
    cache, kitchen = ResponseCache(Broken(10)), Kitchen()
    answers = [await cache.answer(CAMERAS, asking(), kitchen) for _ in range(2)]
    assert [bytes(answer.body) for answer in answers] == [b"answer 1", b"answer 2"]
    assert answers[0].headers["cache-status"] == "popcam; fwd=miss"
    assert (cache.failures, cache.working) == (4, False)

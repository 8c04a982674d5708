"""A person whose browser asks for what fails gets a page; programs get problem details."""

import httpx
import pytest

from popcam.server.problem_model import Problem
from popcam.server.problem_page import problem_page

NAVIGATION = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate"}


@pytest.mark.parametrize(("language", "words"), [("en", "There is no such camera"), ("zh", "没有")])
async def test_who_navigates_gets_a_page_in_their_language(
    client: httpx.AsyncClient, language: str, words: str
) -> None:
    answer = await client.get("/api/v1/cameras/none", headers={**NAVIGATION, "Accept-Language": language})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "camera.not_found" in answer.text
    assert words in answer.text
    assert "<script" not in answer.text


async def test_a_request_of_the_console_gets_problem_details(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/cameras/none", headers={**NAVIGATION, "Sec-Fetch-Mode": "cors"})
    assert answer.json()["code"] == "camera.not_found"
    assert "Sec-Fetch-Mode" in answer.headers["vary"]


def test_what_somebody_sent_is_only_text() -> None:
    problem = Problem(
        type="", title="t", status=404, detail="<script>alert(1)</script>", instance="/", code="c", hint="h",
        retryable=False, request_id="<b>",
    )  # fmt: skip
    page = problem_page(problem, "en")
    assert "&lt;script&gt;" in page
    assert "<b>" not in page

"""The description says which answers are kept."""

from typing import Any

import pytest

from popcam.server.kept_answers import KEPT
from popcam.server.openapi_kept import describe_kept


@pytest.mark.parametrize("path", sorted(KEPT))
async def test_headers_of_answers_that_are_kept_are_described(document: dict[str, Any], path: str) -> None:
    answers = document["paths"][path]["get"]["responses"]
    assert {"ETag", "Cache-Status"} <= set(answers["200"]["headers"])
    own_version = path == "/api/v1/cameras/{camera_id}"
    assert ("304" in answers) is not own_version


def test_a_path_that_the_document_hides_stays_hidden() -> None:
    document: dict[str, Any] = {"paths": {}}
    describe_kept(document)
    assert document == {"paths": {}}


@pytest.mark.parametrize("path", sorted(KEPT))
async def test_the_parameters_of_a_route_that_is_kept_are_all_known(document: dict[str, Any], path: str) -> None:
    given = document["paths"][path]["get"].get("parameters", [])
    assert KEPT[path].query == {one["name"] for one in given if one["in"] == "query"}

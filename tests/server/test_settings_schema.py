"""What forms are told about the settings."""

import pytest
from tests.server.conftest import Rig

PATH = "/api/v1/settings/schema"


@pytest.mark.parametrize(("language", "title"), [("zh-CN", "灵敏度"), ("en-US", "Sensitivity"), ("fr", "Sensitivity")])
async def test_the_schema_is_in_the_reader_s_language(rig: Rig, language: str, title: str) -> None:
    answer = await rig.client.get(f"{PATH}?part=camera", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert answer.json()["properties"]["gate"]["properties"]["sensitivity"]["title"] == title
    assert answer.headers["vary"] == "Accept-Language"


async def test_all_settings_are_described_when_no_part_is_named(rig: Rig) -> None:
    answer = await rig.client.get(PATH)
    assert {"server", "log", "cameras"} <= set(answer.json()["properties"])


async def test_an_unknown_part_is_refused(rig: Rig) -> None:
    answer = await rig.client.get(f"{PATH}?part=everything")
    assert answer.status_code == 422
    assert answer.json()["code"] == "request.invalid"

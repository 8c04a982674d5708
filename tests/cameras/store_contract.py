"""What every camera store promises, seen through the service; each store's test class inherits it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.camera_stores import StoreSite, service_over
from tests.fakes.fake_fleet import FakeFleet

from popcam.cameras.service import CamerasService
from popcam.core.errors import (
    CameraConflictError,
    CameraExistsError,
    CameraInactiveError,
    CameraInvalidError,
    CameraNotFoundError,
    FieldChange,
    GroupNotFoundError,
    PopcamError,
)

RTSP = "rtsp://admin:s3cret@10.0.0.5/main"
SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]


class Rig:
    """A service over the store, and what it stands on."""

    def __init__(self, site: StoreSite, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.fleet = FakeFleet()
        self.service = service_over(site.store(), self.fleet, folder, past=("old-gate",))

    async def another(self) -> CamerasService:
        """What a later start, or another server, knows."""
        service = service_over(self.site.store(), FakeFleet(), self.folder)
        await service.begin()
        return service


class StoreContract:
    """Needs a fixture `site`."""

    @pytest.fixture
    async def rig(self, site: StoreSite, tmp_path: Path) -> Rig:
        rig = Rig(site, tmp_path)
        await rig.service.begin()
        return rig

    # --- create ---

    async def test_a_new_camera_is_there_and_runs(self, rig: Rig) -> None:
        view = await rig.service.create({"name": "Front Door", "source": "demo:"})
        assert (view.spec.id, view.wanted) == ("front-door", True)
        assert list(rig.fleet.desired) == ["front-door"]

    async def test_it_outlives_the_server(self, rig: Rig) -> None:
        document = {
            "name": "Küche 🍳 厨房",
            "source": {"url": RTSP, "transport": "udp"},
            "zones": [{"name": "Tür", "points": SQUARE}],
            "gate": {"masks": [SQUARE]},
            "detect": {"min_score": 0.25},
            "groups": ["inside", "一楼"],
            "restream": [{"url": "rtmp://u:pw@host/live"}],
        }
        spec = (await rig.service.create(document)).spec
        assert (await rig.another()).spec(spec.id) == spec

    @pytest.mark.parametrize(
        ("name", "camera_id"),
        [
            ("Café Süd 2", "cafe-sud-2"),
            ("前门", "camera-1"),
            ("🎥🎥", "camera-1"),
            ("12", "camera-1"),
            ("", "camera-1"),
        ],
    )
    async def test_ids_are_readable_words_of_the_name(self, rig: Rig, name: str, camera_id: str) -> None:
        assert (await rig.service.create({"name": name, "source": "demo:"})).spec.id == camera_id

    async def test_a_name_of_200_characters_fits_and_201_do_not(self, rig: Rig) -> None:
        view = await rig.service.create({"name": "n" * 200, "source": "demo:"})
        assert view.spec.id == "n" * 56
        with pytest.raises(CameraInvalidError, match="200 characters"):
            await rig.service.create({"name": "n" * 201, "source": "demo:"})

    async def test_the_same_name_gets_a_number(self, rig: Rig) -> None:
        views = [await rig.service.create({"name": "Yard", "source": "demo:"}) for _ in range(3)]
        assert [view.spec.id for view in views] == ["yard", "yard-2", "yard-3"]

    async def test_a_derived_id_never_inherits_events_or_recordings(self, rig: Rig) -> None:
        assert (await rig.service.create({"name": "Old Gate", "source": "demo:"})).spec.id == "old-gate-2"

    async def test_who_asks_for_an_old_id_gets_it_back(self, rig: Rig) -> None:
        assert (await rig.service.create({"id": "old-gate", "source": "demo:"})).spec.id == "old-gate"

    async def test_a_taken_id_is_refused(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        with pytest.raises(CameraExistsError, match="door"):
            await rig.service.create({"id": "door", "source": "synthetic:"})
        assert rig.service.spec("door").source.url == "demo:"

    @pytest.mark.parametrize("camera_id", ["Front Door", "-x", "batch-status", "con", 7, "ä", "../x"])
    async def test_an_impossible_id_is_refused(self, rig: Rig, camera_id: object) -> None:
        with pytest.raises(CameraInvalidError) as caught:
            await rig.service.create({"id": camera_id, "source": "demo:"})
        assert [problem.key for problem in caught.value.problems] == ["id"]

    @pytest.mark.parametrize(
        ("document", "key"),
        [
            ({}, "source"),
            ({"source": "http:/x"}, "source.url"),
            ({"source": {"url": "demo:", "tranport": "tcp"}}, "source.tranport"),
            ({"source": "demo:", "zones": [{"name": "a", "points": SQUARE[:2]}]}, "zones[0].points"),
            (
                {"source": "demo:", "zones": [{"name": "a", "points": [[0, 0], [1, 0], [1, 1.2]]}]},
                "zones[0].points[2][1]",
            ),
            ({"source": "demo:", "groups": ["a", "a"]}, "groups[1]"),
            ({"source": "demo:", "act": {"kind": "blur"}}, "act.kind"),
            ({"source": {"url": "rtsp://h/", "password": "***"}}, "source.password"),
            ({"source": "rtsp://***@h/main"}, "source.url"),
        ],
    )
    async def test_what_breaks_a_rule_is_refused_with_its_place(
        self, rig: Rig, document: dict[str, Any], key: str
    ) -> None:
        before = rig.site.content()
        with pytest.raises(CameraInvalidError) as caught:
            await rig.service.create({"id": "x", **document})
        assert [problem.key for problem in caught.value.problems] == [key]
        assert caught.value.problems[0].reason.zh != caught.value.problems[0].reason.en
        assert (rig.service.ids(), rig.site.content()) == ((), before)

    async def test_many_are_added_together_or_not_at_all(self, rig: Rig) -> None:
        with pytest.raises(CameraInvalidError):
            await rig.service.create_many([{"source": "demo:"}, {"source": "demo:", "nmae": "x"}])
        assert rig.service.ids() == ()
        assert len(await rig.service.create_many([{"source": "demo:"}] * 3)) == 3

    async def test_500_at_once_are_all_there(self, rig: Rig) -> None:
        wanted = [{"name": f"Camera {n % 250}", "source": RTSP, "auto_start": False} for n in range(500)]
        views = await asyncio.gather(*(rig.service.create(document) for document in wanted))
        assert len({view.spec.id for view in views}) == 500
        assert set((await rig.another()).ids()) == {view.spec.id for view in views}

    # --- update ---

    async def test_an_update_as_a_whole_resets_what_it_leaves_out_but_secrets(self, rig: Rig) -> None:
        source = {"url": "rtsp://h/main", "username": "u", "password": "p"}
        await rig.service.create({"id": "door", "name": "Door", "source": source})
        await rig.service.replace("door", {"source": {"url": "rtsp://h2/main"}})
        spec = (await rig.another()).spec("door")
        assert (spec.name, spec.source.url) == ("", "rtsp://h2/main")
        assert (spec.source.username, spec.source.password) == ("u", "p")

    async def test_a_shown_document_can_be_sent_back(self, rig: Rig) -> None:
        source = {"url": RTSP, "username": "u", "password": "p"}
        sub = "rtsp://admin:s3cret@10.0.0.5/sub?token=abc&x=1"
        targets = [{"url": "rtmp://u:one@host/a"}, {"url": "rtmp://u:two@host/a2"}]
        spec = (await rig.service.create({"source": source, "sub_source": sub, "restream": targets})).spec
        shown = rig.service.document(spec.id)
        assert "s3cret" not in str(shown)
        assert "abc" not in str(shown)
        assert (shown["source"]["password"], shown["source"]["url"]) == ("***", "rtsp://***@10.0.0.5/main")
        await rig.service.replace(spec.id, shown)
        assert rig.service.spec(spec.id) == spec

    async def test_a_masked_address_may_change_around_its_mask(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": RTSP})
        await rig.service.patch("door", {"source": "rtsp://***@10.0.0.6:8554/other"})
        assert rig.service.spec("door").source.url == "rtsp://admin:s3cret@10.0.0.6:8554/other"

    async def test_a_patch_changes_only_what_it_names(self, rig: Rig) -> None:
        source = {"url": "rtsp://h/main", "password": "p"}
        await rig.service.create({"id": "door", "name": "Door", "source": source, "act": {"kind": "hide"}})
        await rig.service.patch("door", {"source": {"transport": "udp"}, "name": None})
        spec = (await rig.another()).spec("door")
        assert (spec.name, spec.source.transport, spec.source.password, spec.act.kind) == ("", "udp", "p", "hide")

    async def test_null_takes_a_secret_away(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": {"url": "rtsp://h/main", "password": "p"}})
        await rig.service.patch("door", {"source": {"password": None}})
        assert rig.service.spec("door").source.password == ""

    async def test_an_update_can_be_repeated_and_taken_back(self, rig: Rig) -> None:
        spec = (await rig.service.create({"id": "door", "source": "demo:"})).spec
        for change in ({"sub_source": "demo:"}, {"sub_source": None}, {"detect": {"min_score": 0.5}}, {"detect": None}):
            await rig.service.patch("door", change)
        assert rig.service.spec("door") == spec
        assert (await rig.another()).spec("door") == spec

    async def test_an_id_does_not_change(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        with pytest.raises(CameraInvalidError, match="can't be changed"):
            await rig.service.replace("door", {"id": "gate", "source": "demo:"})

    async def test_the_second_of_two_editors_is_told_what_changed(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "name": "Door", "source": {"url": "rtsp://h/", "password": "one"}})
        seen = rig.service.version("door")
        await rig.service.patch("door", {"name": "Gate", "source": {"password": "two"}}, expected=seen)
        with pytest.raises(CameraConflictError) as caught:
            await rig.service.patch("door", {"name": "Mine"}, expected=seen)
        assert set(caught.value.changes) == {
            FieldChange("name", "Door", "Gate"),
            FieldChange("source.password", "***", "***"),
        }
        assert caught.value.version == rig.service.version("door") != seen
        assert rig.service.spec("door").name == "Gate"

    async def test_of_many_editors_at_once_one_wins(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        seen = rig.service.version("door")
        edits = [rig.service.patch("door", {"name": f"n{n}"}, expected=seen) for n in range(5)]
        results = await asyncio.gather(*edits, return_exceptions=True)
        losers = [result for result in results if isinstance(result, CameraConflictError)]
        assert len(losers) == 4
        assert {loser.version for loser in losers} == {rig.service.version("door")}

    async def test_what_another_server_did_is_no_loss(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        await rig.service.create({"id": "yard", "source": "demo:"})
        seen = rig.service.version("door")
        await (await rig.another()).patch("door", {"name": "Theirs"})
        with pytest.raises(CameraConflictError):
            await rig.service.patch("door", {"name": "Mine"}, expected=seen)
        await rig.service.patch("yard", {"name": "Mine"})
        names = {camera_id: (await rig.another()).spec(camera_id).name for camera_id in ("door", "yard")}
        assert names == {"door": "Theirs", "yard": "Mine"}
        assert rig.service.spec("door").name == "Theirs"

    async def test_a_version_stays_while_the_camera_does(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        seen = rig.service.version("door")
        await rig.service.create({"id": "yard", "source": "demo:"})
        await rig.service.patch("door", {"name": ""})
        await rig.service.refresh()
        assert rig.service.version("door") == seen

    # --- delete ---

    async def test_a_deleted_camera_stops_and_is_unknown(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        await rig.service.create({"id": "yard", "source": "demo:"})
        with pytest.raises(CameraConflictError):
            await rig.service.delete("door", expected="older")
        await rig.service.delete("door", expected=rig.service.version("door"))
        assert (list(rig.fleet.desired), (await rig.another()).ids()) == (["yard"], ("yard",))
        with pytest.raises(CameraNotFoundError):
            await rig.service.delete("door")

    async def test_the_last_camera_can_go_and_another_come(self, rig: Rig) -> None:
        for camera_id in ("door", "yard"):
            await rig.service.create({"id": camera_id, "source": "demo:"})
            await rig.service.delete(camera_id)
        assert (await rig.another()).ids() == ()

    # --- activation ---

    async def test_a_deactivated_camera_stops_for_good(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        result = await rig.service.deactivate("door")
        assert (result.stopped, result.view.spec.active, result.view.spec.auto_start) == (True, False, False)
        assert rig.fleet.desired == {}
        with pytest.raises(CameraInactiveError):
            await rig.service.start("door")
        with pytest.raises(CameraInactiveError):
            await rig.service.set_auto_start("door", True)
        assert (await rig.service.deactivate("door")).stopped is False
        assert not (await rig.another()).spec("door").active

    async def test_an_activated_camera_can_be_started(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:", "active": False, "auto_start": False})
        assert (await rig.service.activate("door")).wanted is False
        await rig.service.start("door")
        assert list(rig.fleet.desired) == ["door"]

    @pytest.mark.parametrize("runs", [True, False])
    async def test_auto_start_speaks_of_the_next_start_only(self, rig: Rig, runs: bool) -> None:
        await rig.service.create({"id": "door", "source": "demo:", "auto_start": runs})
        await rig.service.set_auto_start("door", not runs)
        assert rig.service.view("door").wanted is runs
        assert (await rig.another()).view("door").wanted is not runs

    # --- groups ---

    async def test_groups_are_those_that_cameras_name(self, rig: Rig) -> None:
        await rig.service.create({"id": "b", "source": "demo:", "groups": ["yard", "all"]})
        await rig.service.create({"id": "a", "source": "demo:", "groups": ["all"]})
        assert [(group.name, group.camera_ids) for group in rig.service.groups()] == [
            ("all", ("b", "a")),
            ("yard", ("b",)),
        ]

    async def test_a_group_is_renamed_in_all_its_cameras(self, rig: Rig) -> None:
        await rig.service.create({"id": "a", "source": "demo:", "groups": ["yard", "all"]})
        await rig.service.create({"id": "b", "source": "demo:", "groups": ["all"]})
        assert (await rig.service.rename_group("yard", " all ")).camera_ids == ("a", "b")
        assert (await rig.another()).spec("a").groups == ("all",)
        assert await rig.service.delete_group("all") == ("a", "b")
        assert rig.service.groups() == []
        with pytest.raises(GroupNotFoundError):
            await rig.service.delete_group("all")
        with pytest.raises(CameraInvalidError):
            await rig.service.rename_group("all", " ")

    # --- only what changed ---

    async def test_only_the_changed_camera_gets_other_orders(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        await rig.service.create({"id": "yard", "source": "demo:"})
        before = dict(rig.fleet.desired)
        await rig.service.patch("door", {"act": {"kind": "hide"}})
        assert rig.fleet.desired["yard"] == before["yard"]
        assert rig.fleet.desired["door"].source == before["door"].source
        assert rig.fleet.desired["door"].act.kind == "hide"
        assert rig.fleet.restarted == []

    async def test_names_and_groups_disturb_no_pipeline(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        before = dict(rig.fleet.desired)
        await rig.service.patch("door", {"name": "Door", "groups": ["all"], "auto_start": False})
        assert rig.fleet.desired == before

    async def test_an_update_that_changes_nothing_writes_nothing(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        before, applied = rig.site.content(), len(rig.fleet.applied)
        await rig.service.patch("door", {"name": ""})
        assert (rig.site.content(), len(rig.fleet.applied)) == (before, applied)

    # --- trouble ---

    async def test_a_store_that_can_not_be_written_leaves_all_as_it_was(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        before, spec, desired = rig.site.content(), rig.service.spec("door"), dict(rig.fleet.desired)
        version = rig.service.version("door")
        rig.site.break_it()
        for attempt in (
            rig.service.patch("door", {"act": {"kind": "hide"}}),
            rig.service.delete("door"),
            rig.service.deactivate("door"),
            rig.service.create({"source": "demo:"}),
        ):
            with pytest.raises(PopcamError) as caught:
                await attempt
            assert caught.value.http_status == 507
        assert rig.site.content() == before
        assert (rig.service.spec("door"), rig.service.version("door")) == (spec, version)
        assert (rig.service.ids(), rig.fleet.desired) == (("door",), desired)

    async def test_refresh_says_what_others_changed(self, rig: Rig) -> None:
        await rig.service.create({"id": "door", "source": "demo:"})
        other = await rig.another()
        await other.create({"id": "yard", "source": "demo:"})
        await other.patch("door", {"name": "Theirs"})
        refreshed = await rig.service.refresh()
        assert (refreshed.changes.added, refreshed.changes.changed, refreshed.error) == (("yard",), ("door",), None)
        assert "yard" in rig.fleet.desired
        assert not (await rig.service.refresh()).changes

    async def test_unknown_ids_are_named(self, rig: Rig) -> None:
        for attempt in (
            rig.service.patch("nobody", {}),
            rig.service.replace("nobody", {"source": "demo:"}),
            rig.service.activate("nobody"),
            rig.service.deactivate("nobody"),
            rig.service.set_auto_start("nobody", True),
        ):
            with pytest.raises(CameraNotFoundError, match="nobody"):
                await attempt
        with pytest.raises(CameraNotFoundError):
            rig.service.version("nobody")
        with pytest.raises(CameraNotFoundError):
            rig.service.document("nobody")

    async def test_an_edit_is_kept_although_its_sender_went_away(self, rig: Rig) -> None:
        task = asyncio.create_task(rig.service.create({"id": "door", "source": "demo:"}))
        await asyncio.sleep(0)
        task.cancel()
        await rig.service.close()
        assert rig.service.ids() == ("door",)

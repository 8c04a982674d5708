"""Push messages as text, each made once however many pages get it."""

import json
from dataclasses import dataclass, field

from pydantic import BaseModel

from popcam.cameras.operations import CameraOperations
from popcam.core.errors import CameraNotFoundError
from popcam.core.language import Language
from popcam.server import camera_schemas, live_schemas
from popcam.server.brief import BriefCameras, BriefNews
from popcam.server.hub import Wish


@dataclass(slots=True)
class Told:
    """Remembers the newest texts: pages that follow closely get the very same ones."""

    _statuses: dict[tuple[str, Language], tuple[int, str]] = field(default_factory=dict)
    _changes: dict[tuple[str, Language, bool], tuple[int, str]] = field(default_factory=dict)
    _edited: dict[tuple[str, Language], tuple[int, str]] = field(default_factory=dict)
    _all: dict[tuple[bool, Language], tuple[int, str]] = field(default_factory=dict)

    def status(self, cameras: CameraOperations, camera_id: str, seq: int, language: Language) -> str | None:
        """The full state of one camera; None when it was removed meanwhile."""
        held = self._statuses.get((camera_id, language))
        if held is not None and held[0] == seq:
            return held[1]
        try:
            view = cameras.view(camera_id)
        except CameraNotFoundError:
            return None  # the message with all cameras says so
        text = live_schemas.status_message_of(view, seq, language).model_dump_json()
        self._statuses[camera_id, language] = seq, text
        return text

    def states(self, cameras: CameraOperations, news: tuple[BriefNews, ...], seq: int, language: Language) -> str:
        """What changed of these cameras, in one message."""
        parts = [text for item in reversed(news) if (text := self._change(cameras, item, language))]
        return f'{{"type":"states","seq":{seq},"states":[{",".join(parts)}]}}'

    def edited_cameras(
        self,
        cameras: CameraOperations,
        edited: BriefCameras,
        seq: int,
        language: Language,
        wish: Wish,
    ) -> str:
        """Those that changed, in brief; where some came or went, which there are of those that are wished."""
        parts = [text for key in edited.camera_ids if (text := self._edited_camera(cameras, key, seq, language))]
        ids = None
        if edited.came_or_went:
            ids = [key for key in cameras.ids() if _is_wished(wish, key)]
        told = "null" if ids is None else json.dumps(ids, separators=(",", ":"))
        return f'{{"type":"brief_changes","seq":{seq},"cameras":[{",".join(parts)}],"ids":{told}}}'

    def all_cameras(self, cameras: CameraOperations, seq: int, language: Language, wish: Wish, *, brief: bool) -> str:
        """All cameras that are wished."""
        held = self._all.get((brief, language))
        everything = not wish.camera_ids and wish.sees is None
        if everything and held is not None and held[0] == seq:
            return held[1]
        views = [view for view in cameras.views() if _is_wished(wish, view.spec.id)]
        message: BaseModel
        if brief:
            message = live_schemas.BriefMessage(
                seq=seq, cameras=[live_schemas.brief_camera_of(view, language) for view in views]
            )
        else:
            message = live_schemas.CamerasMessage(
                seq=seq, cameras=[camera_schemas.camera_of(view, language) for view in views]
            )
        text = message.model_dump_json()
        if everything:
            self._all[brief, language] = seq, text
        return text

    def forget(self, camera_ids: tuple[str, ...]) -> None:
        """These cameras are gone, and what was said of all together is old."""
        self._all.clear()
        self._statuses = {key: held for key, held in self._statuses.items() if key[0] not in camera_ids}
        self._changes = {key: held for key, held in self._changes.items() if key[0] not in camera_ids}
        self._edited = {key: held for key, held in self._edited.items() if key[0] not in camera_ids}

    def _edited_camera(self, cameras: CameraOperations, camera_id: str, seq: int, language: Language) -> str | None:
        held = self._edited.get((camera_id, language))
        if held is not None and held[0] == seq:
            return held[1]
        try:
            text = live_schemas.brief_camera_of(cameras.view(camera_id), language).model_dump_json()
        except CameraNotFoundError:
            return None  # the ids say so
        self._edited[camera_id, language] = seq, text
        return text

    def _change(self, cameras: CameraOperations, news: BriefNews, language: Language) -> str | None:
        key = (news.camera_id, language, news.whole)
        held = self._changes.get(key)
        if held is not None and held[0] == news.seq:
            return held[1]
        try:
            change = live_schemas.brief_change_of(cameras.view(news.camera_id), language, whole=news.whole)
        except CameraNotFoundError:
            return None
        text = change.model_dump_json()
        self._changes[key] = news.seq, text
        return text


def _is_wished(wish: Wish, camera_id: str) -> bool:
    return (not wish.camera_ids or camera_id in wish.camera_ids) and wish.may_know(camera_id)

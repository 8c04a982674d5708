"""Cameras in the section `cameras` of the settings file, which people edit by hand at the same time."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ruamel.yaml.error import YAMLError

from popcam.cameras.document import plain
from popcam.cameras.json_text import edited_json
from popcam.cameras.model import StoreState
from popcam.cameras.store import Edit, check_unmoved
from popcam.cameras.yaml_quick import checked_quickly
from popcam.cameras.yaml_text import edited, edited_whole
from popcam.config import Settings, SettingsFile, diff_settings
from popcam.config.atomic import no_space
from popcam.config.loading import read_file
from popcam.config.text_form import decoded
from popcam.config.yaml_lines import NotByLinesError
from popcam.config.yaml_tree import MAX_BYTES
from popcam.core.errors import (
    CameraConflictError,
    CameraFixedError,
    CameraStoreFullError,
    CameraStoreInvalidError,
    CameraStoreReadOnlyError,
    ConfigChangedError,
    ConfigError,
    PopcamError,
)
from popcam.core.spec import CameraSpec

BY_HAND = "the settings file writes this camera in a way that can only be changed by hand"


class FileCameraStore:
    """See `CameraStore`.

    Args:
        file: the settings file; share it with the watcher.
        settings: what was read from it at the start.
    """

    def __init__(self, file: SettingsFile, settings: Settings) -> None:
        if file.path is None:
            raise ValueError("a file store needs settings that came from a file")
        self._file = file
        self._path = file.path
        self._settings = settings
        self._error: PopcamError | None = None
        self._key = secrets.token_bytes(16)
        self._versions: dict[str, tuple[CameraSpec, str]] = {}

    @property
    def base(self) -> Path:
        return self._path.expanduser().absolute().parent

    def state(self) -> StoreState:
        return StoreState("file", str(self._path), self._error)

    def cameras(self) -> Mapping[str, CameraSpec]:
        return self._settings.cameras

    def version(self, camera_id: str) -> str:
        """A keyed digest of the camera's settings: the same content has the same version, by whatever way it came."""
        spec = self._settings.cameras[camera_id]
        known = self._versions.get(camera_id)
        if known is None or known[0] != spec:
            # Keyed, because it is shown: a password could be guessed from a plain digest.
            digest = hashlib.blake2b(json.dumps(plain(spec)).encode(), digest_size=12, key=self._key).hexdigest()
            known = self._versions[camera_id] = (spec, digest)
        return known[1]

    def offer(self, cameras: Mapping[str, CameraSpec]) -> None:
        """The file itself is read again; it may have changed since these were taken from it."""

    async def read(self) -> None:
        """See `CameraStore.read`.

        Raises:
            CameraStoreInvalidError: the file has a mistake, with its line.
        """
        try:
            self._take(await asyncio.to_thread(self._file.read))
        except ConfigError as error:
            self._error = error
            raise CameraStoreInvalidError(problems=error.problems) from error

    async def write(self, edits: Sequence[Edit]) -> None:
        """See `CameraStore.write`.

        Raises:
            CameraConflictError, CameraFixedError, CameraStoreInvalidError.
            CameraStoreReadOnlyError, CameraStoreFullError.
        """
        self._take(await asyncio.to_thread(self._write, tuple(edits)))

    def _take(self, settings: Settings) -> None:
        self._settings, self._error = settings, None

    def _write(self, edits: tuple[Edit, ...]) -> Settings:
        with self._file.editing:
            return self._write_alone(edits)

    def _write_alone(self, edits: tuple[Edit, ...]) -> Settings:
        raw, now = self._content()
        check_unmoved(edits, now.cameras, {})
        changed, settings = self._edited(raw, now, edits)
        try:
            return self._file.replace(changed, raw, settings)
        except ConfigChangedError as error:
            raise CameraConflictError(str(self._path)) from error
        except OSError as error:
            raise _named(error) from error

    def _content(self) -> tuple[bytes, Settings]:
        try:
            raw = read_file(self._path)
            return raw, self._file.check(raw)
        except ConfigError as error:
            raise CameraStoreInvalidError(problems=error.problems) from error

    def _edited(self, raw: bytes, now: Settings, edits: tuple[Edit, ...]) -> tuple[bytes, Settings]:
        """The new content, proven to say just what is wanted, and the settings that it means."""
        text, form = decoded(raw)
        loading = now.loading
        origins = loading.origins if loading else {}
        places = {path: (o.line, o.column) for path, o in origins.items() if o.line and len(path) < 3}
        problem: PopcamError | None = None
        quick = edited_json(text, edits[0], now, self.base) if len(edits) == 1 else None
        if quick is not None and self._difference(quick[1], now, edits) is None:
            result = form.encoded(quick[0])
            if len(result) <= MAX_BYTES:
                return result, quick[1]
        ways: tuple[Callable[[], str], ...] = (
            lambda: edited(text, places, edits, exact=True),
            lambda: edited(text, places, edits, exact=False),
            lambda: edited_whole(text, edits, apart=False),
            lambda: edited_whole(text, edits, apart=True),
        )
        for way in ways:
            try:
                changed = way()
                result = form.encoded(changed)
                if len(result) > MAX_BYTES:
                    raise CameraStoreFullError(f"{self._path}: {len(result)} bytes, at most {MAX_BYTES}")
                found = checked_quickly(text, changed, places, edits[0], now, self.base) if len(edits) == 1 else None
                found = found or self._file.check(result)
                problem = self._difference(found, now, edits)
            except (NotByLinesError, YAMLError, UnicodeEncodeError):
                continue
            except ConfigError as error:
                problem = _too_large(error) or problem
                continue
            if problem is None:
                return result, found
        raise problem or CameraFixedError(BY_HAND)

    def _difference(self, found: Settings, now: Settings, edits: tuple[Edit, ...]) -> PopcamError | None:
        """Why the new content does not say what is wanted, or None."""
        wanted = dict(now.cameras)
        for edit in edits:
            wanted.pop(edit.camera_id, None)
            if edit.after is not None:
                wanted[edit.camera_id] = edit.after
        if found.cameras == wanted and not diff_settings(now, found).sections_changed:
            return None
        edited_ids = {edit.camera_id for edit in edits}
        names = {
            origin.name
            for path, origin in (found.loading.origins if found.loading else {}).items()
            if not origin.line and len(path) > 1 and path[0] == "cameras" and path[1] in edited_ids
        }
        return CameraFixedError(", ".join(sorted(names)) or BY_HAND)


def _too_large(error: ConfigError) -> PopcamError | None:
    """The only mistake that correct edits can make."""
    too_large = any(
        "larger than" in problem.reason.en or "more than" in problem.reason.en for problem in error.problems
    )
    return CameraStoreFullError(error.detail, error.detail_zh) if too_large else None


def _named(error: OSError) -> PopcamError:
    detail = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return CameraStoreFullError(detail) if no_space(error) else CameraStoreReadOnlyError(detail)

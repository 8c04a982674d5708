"""/api/v1/settings: the settings outside of the cameras as values, and the whole settings file as text."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Body, Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from popcam.config import SettingsDiff
from popcam.config.entries import Entry
from popcam.config.views import FileState, Saved, SettingsText, SettingsView
from popcam.core.access import Permission
from popcam.core.errors import (
    ConfigByHandError,
    ConfigChangedError,
    ConfigFieldsError,
    ConfigFileInvalidError,
    ConfigFixedError,
    ConfigFullError,
    ConfigNoFileError,
    ConfigReadOnlyError,
    ConfigTextError,
    ConfigUnreadableError,
    RequestInvalidError,
)
from popcam.core.language import Language
from popcam.server import settings_examples as samples
from popcam.server.audit_changes import Tells
from popcam.server.clean_text import check_text
from popcam.server.etags import etag, expected_version
from popcam.server.examples import of
from popcam.server.needs import Router, needs
from popcam.server.problem_model import FieldProblem
from popcam.server.problems import problem_fields, responses
from popcam.server.services import Reader, Services, Use

router = Router(prefix="/api/v1/settings", tags=["settings"])

MAX_TEXT = 1_000_000
WRITE_ERRORS = (ConfigNoFileError, ConfigChangedError, ConfigReadOnlyError, ConfigFullError, RequestInvalidError)


class SettingOut(BaseModel):
    """One setting, and who decided it."""

    key: str = Field(description="For example `server.port`.")
    value: JsonValue = Field(description="As the newest valid file, variables and flags have it; secrets masked.")
    default: JsonValue = Field(description="What it is when nobody sets it.")
    origin: Literal["default", "file", "environment", "flag"] = Field(description="Who decided it.")
    where: str = Field(description="File and line, the variable or the flag; empty for a default.")
    fixed: bool = Field(description="A variable or flag decides it, so it can't be changed here.")
    effect: Literal["now", "restart"] = Field(description="When a change takes effect.")
    running: JsonValue = Field(description="What is in force now.")
    waits: bool = Field(description="`value` waits for the next start.")


class SettingsFileOut(BaseModel):
    """The settings file, and how reloading of it stands."""

    path: str | None = Field(description="Null when popcam runs without a file: nothing can be saved then.")
    writable: bool = Field(description="Whether it can be changed from here, as far as its rights tell.")
    refused: bool = Field(description="The file as it is now holds a mistake; the settings before it are in force.")
    refused_unix_s: float | None = Field(description="Since when; null when it is in force.")
    problems: list[FieldProblem] = Field(description="Why it is refused, with line and column.")
    loaded_unix_s: float = Field(description="When the settings in force were read.")
    reloads: int = Field(description="Changes that were taken over since the start.")
    needs_restart: list[str] = Field(description="What was changed and waits for the next start.")


class SettingsOut(BaseModel):
    """All settings outside of the cameras."""

    version: str = Field(description="Changes with them; also the answer's `ETag`, for `If-Match`.")
    values: dict[str, JsonValue] = Field(description="The values as sections, as PATCH takes them.")
    settings: list[SettingOut]
    file: SettingsFileOut


class CamerasDiff(BaseModel):
    """What became of cameras, by id."""

    added: list[str]
    removed: list[str]
    changed: list[str]
    kept: list[str] = Field(description="Left the file and go on: cameras are kept in the database. Delete them there.")


class SavedOut(BaseModel):
    """What a change led to."""

    applied: list[str] = Field(description="Keys that changed and are in force.")
    needs_restart: list[str] = Field(description="Keys that changed and wait for the next start.")
    cameras: CamerasDiff
    version: str = Field(description="Of the text after PUT, else of the settings; also the answer's `ETag`.")
    settings: SettingsOut


class SettingsTextOut(BaseModel):
    """The settings file as text."""

    text: str = Field(description="With secrets as `***`. Lines end with a line feed, whatever the file has.")
    version: str = Field(description="Changes with any byte; also the answer's `ETag`, for `If-Match`.")
    path: str
    problems: list[FieldProblem] = Field(description="Why it is not in force; empty when it is.")


class SettingsTextIn(BaseModel):
    """A whole settings file."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_TEXT, description="`***` stands for the secret that is saved in its place.")


class CheckedOut(BaseModel):
    """What is wrong with a text."""

    valid: bool
    problems: list[FieldProblem]


async def _expected(
    if_match: Annotated[str | None, Header(description="The `ETag` that this change is based on.")] = None,
) -> str | None:
    return expected_version(if_match)


Expected = Annotated[str | None, Depends(_expected)]
WholeText = Annotated[SettingsTextIn, Body(openapi_examples=samples.TEXT_IN)]
ChangedSettings = Annotated[
    dict[str, Any],
    Body(
        openapi_examples=samples.PATCH_IN,
        description="The settings to change (RFC 7396): null brings a default back, lists are replaced as a whole.",
    ),
]


@router.get(
    "", dependencies=[needs(Permission.MANAGE)], summary="Show the settings", responses={200: of(samples.SETTINGS)}
)
async def get_settings(services: Use, language: Reader, response: Response) -> SettingsOut:
    """All settings outside of the cameras: values, defaults, who decided each, and when a change takes effect; and how
    the file stands, so also why an edit by hand was refused.
    """
    return _with_etag(settings_out(await services.settings.view(), language), response)


@router.get(
    "/state",
    dependencies=[needs(Permission.MANAGE)],
    summary="Say how the settings file stands",
    responses={200: of(samples.FILE)},
)
async def get_settings_state(services: Use, language: Reader) -> SettingsFileOut:
    """Whether the file is in force, and if not why and since when. Cheap, for pages that ask again and again."""
    return file_out(await services.settings.file_state(), language)


@router.patch(
    "",
    dependencies=[needs(Permission.MANAGE, action="settings.update")],
    summary="Change settings",
    responses={
        200: of(samples.SAVED),
        **responses(ConfigFieldsError, ConfigFixedError, ConfigFileInvalidError, ConfigByHandError, *WRITE_ERRORS),
    },
)
async def patch_settings(
    changes: ChangedSettings, services: Use, language: Reader, response: Response, expected: Expected, tells: Tells
) -> SavedOut:
    """Write these settings into the file, around what people wrote there, and take them over. With `If-Match` it is
    refused (412, with what changed) when somebody was faster. Refused changes leave all as it was.
    """
    check_text(changes)
    before = await services.settings.view()
    saved = await services.settings.patch(changes, expected=expected)
    tells.settings(before, saved)
    return _saved_out(services, saved, saved.view.version, language, response)


@router.get(
    "/yaml",
    dependencies=[needs(Permission.MANAGE, action="settings.read")],
    summary="Show the settings file",
    responses={200: of(samples.TEXT), **responses(ConfigNoFileError, ConfigUnreadableError)},
)
async def get_settings_text(services: Use, language: Reader, response: Response) -> SettingsTextOut:
    """The file's text with secrets masked; also of a file that holds a mistake, with line and reason."""
    text = await services.settings.text()
    response.headers["ETag"] = etag(text.version)
    response.headers["Cache-Control"] = "no-store"
    return text_out(text, language)


@router.put(
    "/yaml",
    dependencies=[needs(Permission.MANAGE, action="settings.replace")],
    summary="Replace the settings file",
    responses={200: of(samples.SAVED), **responses(ConfigTextError, *WRITE_ERRORS)},
)
async def put_settings_text(
    wanted: WholeText, services: Use, language: Reader, response: Response, expected: Expected, tells: Tells
) -> SavedOut:
    """Check the text as a whole, put it in the place of the file in one step, and take it over. What is refused leaves
    the file and what runs as they were; each mistake is told with line and column.
    """
    before = await services.settings.view()
    saved = await services.settings.put_text(wanted.text, expected=expected)
    tells.settings(before, saved)
    version = (await services.settings.text()).version
    return _saved_out(services, saved, version, language, response)


@router.post(
    "/check",
    dependencies=[needs(Permission.MANAGE, action="settings.check")],
    summary="Check a settings file",
    responses={200: of(samples.CHECKED), **responses(ConfigNoFileError, RequestInvalidError)},
)
async def check_settings_text(wanted: WholeText, services: Use, language: Reader) -> CheckedOut:
    """Say what would be wrong with this text as the settings file. Nothing is written."""
    problems = await services.settings.problems(wanted.text)
    return CheckedOut(valid=not problems, problems=problem_fields(problems, language))


def settings_out(view: SettingsView, language: Language) -> SettingsOut:
    """The public face of the settings."""
    values: dict[str, Any] = {}
    for entry in view.entries:
        *above, last = entry.key.split(".")
        here = values
        for part in above:
            here = here.setdefault(part, {})
        here[last] = entry.value
    return SettingsOut(
        version=view.version,
        values=values,
        settings=[_setting_out(entry) for entry in view.entries],
        file=file_out(view.file, language),
    )


def file_out(file: FileState, language: Language) -> SettingsFileOut:
    """The public face of the file's state."""
    state = file.reload
    return SettingsFileOut(
        path=str(file.path) if file.path else None,
        writable=file.writable,
        refused=state.error is not None,
        refused_unix_s=state.refused_unix_s,
        problems=problem_fields(state.error.problems, language) if state.error else [],
        loaded_unix_s=state.loaded_unix_s,
        reloads=state.reloads,
        needs_restart=list(file.waiting),
    )


def text_out(text: SettingsText, language: Language) -> SettingsTextOut:
    """The public face of the text."""
    return SettingsTextOut(
        text=text.text,
        version=text.version,
        path=str(text.path),
        problems=problem_fields(text.problems, language),
    )


def _setting_out(entry: Entry) -> SettingOut:
    return SettingOut(**{name: getattr(entry, name) for name in SettingOut.model_fields})


def _with_etag(settings: SettingsOut, response: Response) -> SettingsOut:
    response.headers["ETag"] = etag(settings.version)
    response.headers["Cache-Control"] = "no-store"
    return settings


def _saved_out(services: Services, saved: Saved, version: str, language: Language, response: Response) -> SavedOut:
    response.headers["ETag"] = etag(version)
    return SavedOut(
        applied=list(saved.applied),
        needs_restart=list(saved.needs_restart),
        cameras=_cameras_diff(saved.diff, services.cameras.ids()),
        version=version,
        settings=settings_out(saved.view, language),
    )


def _cameras_diff(diff: SettingsDiff, there: Sequence[str]) -> CamerasDiff:
    """What came true: in the database cameras stay that left the file, until somebody deletes them."""
    return CamerasDiff(
        added=[camera_id for camera_id in diff.cameras_added if camera_id in there],
        removed=[camera_id for camera_id in diff.cameras_removed if camera_id not in there],
        changed=list(diff.cameras_changed),
        kept=[camera_id for camera_id in diff.cameras_removed if camera_id in there],
    )

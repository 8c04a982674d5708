"""What routes and commands may ask of cameras: the promise of `CamerasService`, in one page.

Documents are cameras as plain JSON (`document`): the fields of `CameraSpec`. Short forms are welcome (`source` as a
plain address). A secret shows as `***`; one that is left out of an update, or sent back as `***`, stays as it was.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from popcam.cameras.model import (
    CameraChanges,
    CameraGroup,
    CameraView,
    Deactivated,
    Refreshed,
    StartResult,
    StoreState,
)
from popcam.core.spec import CameraSpec

Document = Mapping[str, Any]


class CameraOperations(Protocol):
    """Everything can raise CameraNotFoundError where it takes an id. What changes cameras for good can also raise:

    CameraInvalidError (422, `problems`), CameraConflictError (412, `changes` and `version`; only with an expected
    version), CameraFixedError (409), and where they are kept: CameraStoreReadOnlyError, CameraStoreFullError (507),
    CameraStoreInvalidError, CameraStoreBusyError (409), DatabaseError (503, 507). Then nothing has changed.
    """

    # --- looking; answers come from memory ---

    def ids(self) -> tuple[str, ...]: ...
    def spec(self, camera_id: str) -> CameraSpec: ...
    def view(self, camera_id: str) -> CameraView: ...
    def views(self) -> list[CameraView]: ...
    def log_file(self, camera_id: str) -> Path: ...

    def document(self, camera_id: str) -> dict[str, Any]:
        """All settings of one camera for a form, secrets masked; what `replace` takes back."""
        ...

    def version(self, camera_id: str) -> str:
        """Opaque word that changes with the camera's settings; the ETag (without quotes)."""
        ...

    def groups(self) -> list[CameraGroup]:
        """All groups by name."""
        ...

    def store_state(self) -> StoreState:
        """Where cameras are kept, and why a hand edit is not in force."""
        ...

    # --- changing for good ---

    async def create(self, document: Document) -> CameraView:
        """Add a camera; it starts when it is active with auto-start. `id` may be left out.

        Raises:
            CameraExistsError: the id that was asked for is taken.
        """
        ...

    async def create_many(self, documents: Sequence[Document]) -> list[CameraView]:
        """Add all of them or none, in one write."""
        ...

    async def replace(self, camera_id: str, document: Document, *, expected: str | None = None) -> CameraView:
        """Take this document as a whole: what it leaves out gets its default, secrets stay."""
        ...

    async def patch(self, camera_id: str, changes: Document, *, expected: str | None = None) -> CameraView:
        """Change only these fields (RFC 7396: null resets a field, lists are replaced as a whole)."""
        ...

    async def delete(self, camera_id: str, *, expected: str | None = None) -> None:
        """Stop and forget it. Its recordings and events stay until their retention ends."""
        ...

    async def activate(self, camera_id: str) -> CameraView: ...

    async def deactivate(self, camera_id: str) -> Deactivated:
        """Stop it, and neither start it with the server nor by hand until it is activated."""
        ...

    async def set_auto_start(self, camera_id: str, auto_start: bool) -> CameraView:
        """Whether it starts with the server; what it does now stays.

        Raises:
            CameraInactiveError: it is not active (400).
        """
        ...

    async def rename_group(self, name: str, new_name: str) -> CameraGroup:
        """In all its cameras, in one write; into an existing group: both become one.

        Raises:
            GroupNotFoundError.
        """
        ...

    async def delete_group(self, name: str) -> tuple[str, ...]:
        """Take all cameras out of it, in one write; the cameras stay. Gives their ids.

        Raises:
            GroupNotFoundError.
        """
        ...

    # --- running; kept only until the server ends ---

    async def start(self, camera_id: str) -> StartResult: ...
    async def stop(self, camera_id: str) -> StartResult: ...
    async def restart(self, camera_id: str) -> StartResult: ...

    async def refresh(self) -> Refreshed:
        """Read the store again and reconcile. A store that can't be read is an answer with `error`, no exception."""
        ...

    async def mute_restreams(self, *, muted: bool) -> None:
        """Send no camera's stream elsewhere, or do it again as the settings say. Nothing is written."""
        ...

    def on_change(self, listener: Callable[[CameraChanges], None]) -> Callable[[], None]:
        """Call whenever cameras, their settings, or what is wanted of them changed. Returns what ends the calls."""
        ...

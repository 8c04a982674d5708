"""Groups of cameras."""

from pydantic import BaseModel, ConfigDict, Field


class GroupOut(BaseModel):
    """A group of cameras."""

    name: str
    camera_ids: list[str]


class GroupList(BaseModel):
    """All groups by name."""

    items: list[GroupOut]


class GroupIn(BaseModel):
    """A new name for a group."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)


class GroupDeleted(BaseModel):
    """The cameras that were in the group."""

    camera_ids: list[str]

"""The public form of a failure (RFC 9457)."""

from pydantic import BaseModel, Field, JsonValue


class FieldProblem(BaseModel):
    """One setting that is wrong, and where it stands."""

    key: str = Field(description="The setting, for example `zones[0].points`.")
    reason: str
    origin: str = Field(description="The file, where it stands in one; else empty.")
    line: int = Field(description="Counted from 1; 0 when it stands in no file.")
    column: int


class FieldChangeOut(BaseModel):
    """One setting that differs; secrets are masked."""

    key: str
    before: JsonValue
    now: JsonValue


class Problem(BaseModel):
    """Why a request failed (RFC 9457), with a stable code and a hint."""

    type: str = Field(description="Address of the description of this kind of failure.")
    title: str = Field(description="One line that names the failure, in the language of `Accept-Language`.")
    status: int = Field(description="The HTTP status again.")
    detail: str = Field(description="What exactly happened; may be empty.")
    instance: str = Field(description="The path of the request.")
    code: str = Field(description="Stable public name of the failure, `area.reason`.")
    hint: str = Field(description="What can be done about it.")
    retryable: bool = Field(description="Whether the same request can succeed later.")
    request_id: str = Field(description="The answer's `X-Request-ID`, to be found in the server's log.")
    problems: list[FieldProblem] | None = Field(default=None, description="Each setting that is wrong.")
    changes: list[FieldChangeOut] | None = Field(
        default=None, description="412: what somebody else changed since the version that the change was based on."
    )
    version: str | None = Field(default=None, description="412: the version in force; empty when it was deleted.")

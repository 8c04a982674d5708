"""A source as people write it in a shell, and its password, which stays out of the command line."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from popcam.cli.say import INTERRUPTED, say

PASSWORD_VARIABLE = "POPCAM_CAMERA_PASSWORD"  # noqa: S105 - the name of a variable

UsernameOption = Annotated[
    str, typer.Option("--username", "-u", help=say("User name at the camera.", "摄像头用户名。"), show_default=False)
]
PasswordOption = Annotated[
    bool,
    typer.Option(
        "--ask-password",
        help=say(
            f"Ask for the password. Scripts put it into {PASSWORD_VARIABLE}: others can read a command line.",
            f"询问密码。脚本可使用变量 {PASSWORD_VARIABLE}：命令行内容可能被他人看到。",
        ),
    ),
]


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name and password at a camera; empty for none."""

    username: str
    password: str

    @classmethod
    def given(cls, username: str, ask_password: bool, env: Mapping[str, str] | None = None) -> "Credentials":
        """What the user gave by option, prompt or variable."""
        password = (os.environ if env is None else env).get(PASSWORD_VARIABLE, "")
        if ask_password:
            try:
                password = typer.prompt(say("Password", "密码"), hide_input=True, err=True)
            except typer.Abort:
                raise typer.Exit(INTERRUPTED) from None
        return cls(username, password)

    def as_fields(self) -> dict[str, str]:
        """The fields of a source that are given."""
        return {key: value for key in ("username", "password") if (value := getattr(self, key))}


def source_of(text: str, credentials: Credentials) -> dict[str, Any]:
    """A source's settings. A path that exists here is made absolute: the server has another current folder."""
    path = Path(text).expanduser()
    url = str(path.absolute()) if "://" not in text and path.exists() else text
    return {"url": url, **credentials.as_fields()}

"""A new password from the keyboard or from standard input, never from the command line, which all can read."""

import sys

import typer

from popcam.cli.say import say


def new_password() -> str:
    """Ask twice without showing it; in a script, the first line of standard input.

    Raises:
        typer.BadParameter: the input ended before there was one.
    """
    if sys.stdin.isatty():
        text: str = typer.prompt(
            say("New password", "新密码"),
            hide_input=True,
            confirmation_prompt=say("Once more", "再次输入"),
            err=True,
        )
        return text
    line = sys.stdin.readline()
    if not line:
        raise typer.BadParameter(
            say("give it on standard input, or run this in a terminal", "请通过标准输入提供，或在终端中运行"),
            param_hint=say("password", "密码"),
        )
    return line.rstrip("\r\n")

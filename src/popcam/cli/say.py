"""Texts of the command in the user's language, and how it prints."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper

from popcam.core.errors import PopcamError
from popcam.core.language import Language, Text, language_of

INTERRUPTED = 130
"""Exit status when the user stopped a command: by Ctrl-C before there was anything to end, or by answering no."""


def language(env: Mapping[str, str] | None = None) -> Language:
    """The user's language: `POPCAM_LANG`, else that of the locale as POSIX orders its variables."""
    variables = os.environ if env is None else env
    for name in ("POPCAM_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if variables.get(name):
            return language_of(variables[name])
    return "en"


def say(en: str, zh: str) -> str:
    """The sentence in the user's language."""
    return Text(en, zh).in_language(language())


def out(text: str = "") -> None:
    """One line on standard output."""
    sys.stdout.write(f"{text}\n")


def err(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{text}\n")


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something takes time, on standard error; nothing where nobody looks (pipes, files)."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True, highlight=False).status(text):
        yield


def confirmed(question: str) -> bool:
    """Whether the user says yes; the end of the input (a script that forgot `--yes`) and Ctrl-C are a no."""
    import typer

    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        err("")  # the question has no line break yet
        return False


def print_any_text() -> None:
    """Let no name break a command: what the terminal's encoding lacks is printed as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tell_error(error: PopcamError) -> None:
    """Print what went wrong and what to do: one line per problem of the settings, for editors to jump to."""
    from popcam.core.clean import clean

    tongue = language()
    problems = getattr(error, "problems", ())
    if problems:
        err(f"{error.title.in_language(tongue)} [{error.code}]")
        for problem in problems:
            err(f"  {clean(problem.in_language(tongue))}")
    else:
        err(f"{clean(error.message(tongue))} [{error.code}]")
    err(error.hint.in_language(tongue))

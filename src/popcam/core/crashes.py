"""What a process writes when it breaks: the traceback, with credentials taken out."""

import sys
import threading
import traceback
from types import TracebackType

from popcam.core.clean import clean


def clean_crashes() -> None:
    """Errors that nobody caught, in any thread or where nobody can catch them, are written without credentials."""
    sys.excepthook = _main_thread
    threading.excepthook = _other_thread
    sys.unraisablehook = _unraisable


def crash_text(error: BaseException) -> str:
    """The traceback of an error as Python prints it, without credentials."""
    return clean("".join(traceback.format_exception(error)))


def _main_thread(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    del kind, trace  # the error knows both
    if isinstance(error, KeyboardInterrupt):
        return
    _write(crash_text(error))


def _other_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        name = args.thread.name if args.thread is not None else "?"
        _write(f"Exception in thread {clean(name)}:\n{crash_text(args.exc_value)}")


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    if args.exc_value is not None:
        where = clean(f"{args.err_msg or 'Exception ignored in'}: {args.object!r}")
        _write(f"{where}\n{crash_text(args.exc_value)}")


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()

"""What is told of a job that has ended, and the exit status that says how."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from popcam.cli.job_words import Json, problem_text, state_word, summary
from popcam.cli.say import INTERRUPTED, err, out, say

PARTIAL = 11
"""Exit status: something could not be done, all that could is there."""
FAILED = 12
"""Exit status: nothing of it could be done."""
STATUSES = {"succeeded": 0, "partial": PARTIAL, "failed": FAILED, "cancelled": INTERRUPTED}
MAX_NAMED = 20
"""Files that are named one by one; `popcam job show` names all."""


def tell_end(job: Json, items: Iterable[Json], output_dir: str, *, as_json: bool) -> None:
    """Say how a job ended, which files did not succeed and why, and where the results lie.

    Args:
        items: files of the job; those that succeeded are not named.

    Raises:
        typer.Exit: with the status that says how it ended.
    """
    files = list(items)
    if as_json:
        document: dict[str, Any] = {"job": dict(job), "items": [dict(item) for item in files], "output_dir": output_dir}
        out(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        tell_files(files)
        if job["problem"]:
            err(problem_text(job["problem"]))
            err(job["problem"]["hint"])
        out(summary(job))
        if job["items"]["succeeded"] or job["items"]["partial"]:
            out(say(f"Results: {output_dir}", f"结果：{output_dir}"))
    raise typer.Exit(STATUSES.get(job["state"], FAILED))


def tell_files(items: Sequence[Json]) -> None:
    """Name the files that something is wrong with."""
    named = [item for item in items if item["problems"] or item["state"] in {"failed", "partial"}]
    for item in named[:MAX_NAMED]:
        err(item["source"] + say(": ", "：") + state_word(item["state"]))
        for problem in item["problems"]:
            err(f"  {problem_text(problem)}")
    if len(named) > MAX_NAMED:
        more = len(named) - MAX_NAMED
        err(say(f"... and {more} more: popcam job show", f"……另有 {more} 个，见 popcam job show"))

"""`popcam job list|show|watch|cancel|retry|remove`; `run` is in `job_run.py`."""

import json
from typing import Annotated, get_args
from urllib.parse import urlencode

import typer

from popcam.cli import job_run
from popcam.cli.api import UrlOption, ask, get
from popcam.cli.job_end import tell_files
from popcam.cli.job_server import files_of, follow, job_path, watched
from popcam.cli.job_words import (
    ENDED,
    Json,
    counts_text,
    duration,
    kind_word,
    left,
    moment,
    percent,
    problem_text,
    size,
    stage_word,
    state_word,
)
from popcam.cli.options import JsonOption
from popcam.cli.say import INTERRUPTED, confirmed, err, out, say
from popcam.cli.table import print_table
from popcam.core.jobs import JobKind, JobState

app = typer.Typer(
    help=say(
        "Batch jobs over files and folders: hide or find faces, transcode, index.",
        "批量处理文件和文件夹：隐藏或查找人脸、转码、建立索引。",
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)

MAX_SHOWN = 200
"""Files that `show` lists; `--json` has all."""
JobId = Annotated[str, typer.Argument(help=say("Its id.", "任务编号。"), show_default=False)]

app.command("run", help=job_run.RUN_HELP)(job_run.run)


@app.command("list", help=say("List jobs, newest first.", "列出任务，最新的在前。"))
def list_(
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(get_args(JobState)),
            help=say("Only in this state; may be repeated.", "只列此状态；可重复。"),
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(get_args(JobKind)), help=say("Only of this kind; may be repeated.", "只列此类；可重复。")
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=500, help=say("At most.", "最多数量。"))] = 50,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List jobs with their state.

    Raises:
        ServerUnreachableError: no server answers.
    """
    states, kinds = _known(state, get_args(JobState), "--state"), _known(kind, get_args(JobKind), "--kind")
    query = urlencode({"state": states, "kind": kinds, "limit": limit}, doseq=True)
    jobs = get(f"/api/v1/jobs?{query}", url)["items"]
    if as_json:
        out(json.dumps(jobs, ensure_ascii=False, indent=2))
        return
    if not jobs:
        err(say("There is no such job. Make one: popcam job run FILE", "没有任务。新建：popcam job run 文件"))
        return
    headings = [
        say("id", "编号"),
        say("name", "名称"),
        say("what", "类型"),
        say("state", "状态"),
        say("done", "进度"),
        say("files", "文件"),
        say("left", "剩余"),
        say("made", "创建时间"),
    ]
    print_table(headings, [_row(job) for job in jobs])


@app.command("show", help=say("Show one job and its files.", "显示一个任务及其文件。"))
def show(job_id: JobId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Show how one job stands, and what became of each file.

    Raises:
        JobNotFoundError: the server knows no such job.
        ServerUnreachableError: no server answers.
    """
    job = get(job_path(job_id), url)
    items = files_of(job_id, url)
    if as_json:
        out(json.dumps({"job": job, "items": list(items)}, ensure_ascii=False, indent=2))
        return
    print_table([say("what", "项目"), say("value", "值")], _facts(job))
    shown = [item for item, _ in zip(items, range(MAX_SHOWN), strict=False)]
    out()
    headings = [
        say("file", "文件"),
        say("state", "状态"),
        say("frames", "帧数"),
        say("faces", "人脸"),
        say("size", "大小"),
    ]
    print_table(headings, [_file_row(item) for item in shown])
    total = sum(job["items"].values())
    if total > len(shown):
        err(
            say(
                f"{len(shown)} of {total} files are shown; --json has all",
                f"共 {total} 个文件，显示 {len(shown)} 个；--json 显示全部",
            )
        )
    tell_files(shown)


@app.command("watch", help=say("Follow a job until it ends.", "跟踪任务直到结束。"))
def watch(job_id: JobId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Show a job's progress until it ends, then how it ended; the exit status says it, too. Ctrl-C ends only the
    watching.

    Raises:
        JobNotFoundError: the server knows no such job.
        ServerUnreachableError: no server answers.
    """
    watched(job_id, url, follow(job_id, url), as_json=as_json)


@app.command("cancel", help=say("End a job; what is finished stays.", "取消任务；已完成的部分保留。"))
def cancel(job_id: JobId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Cancel one job.

    Raises:
        JobNotFoundError, JobStateConflictError, ServerUnreachableError.
    """
    _tell(ask("POST", job_path(job_id, "cancel"), url, timeout_s=30).value, as_json)


@app.command("retry", help=say("Do again what failed or was cancelled.", "重做失败或已取消的部分。"))
def retry(job_id: JobId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Take up a job again that did not succeed.

    Raises:
        JobNotFoundError, JobStateConflictError, ServerUnreachableError.
    """
    _tell(ask("POST", job_path(job_id, "retry"), url, timeout_s=30).value, as_json)


@app.command(
    "remove",
    help=say(
        "Forget an ended job, with its results in popcam's own folder.",
        "删除已结束的任务及其在 popcam 自己文件夹中的结果。",
    ),
)
def remove(
    job_id: JobId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("Do not ask.", "不再询问。"))] = False,
    url: UrlOption = None,
) -> None:
    """Delete one job.

    Raises:
        JobNotFoundError, JobStateConflictError, ServerUnreachableError.
    """
    if not yes and not confirmed(say(f"Remove {job_id} with its results?", f"删除 {job_id} 及其结果？")):
        err(say("Nothing was removed.", "没有删除任何内容。"))
        raise typer.Exit(INTERRUPTED)
    ask("DELETE", job_path(job_id), url, timeout_s=30)
    out(say(f"{job_id} was removed", f"已删除 {job_id}"))


def _known(given: list[str] | None, known: tuple[str, ...], option: str) -> list[str]:
    """The words that were given.

    Raises:
        typer.BadParameter: one is none of ours.
    """
    for word in given or ():
        if word not in known:
            raise typer.BadParameter(f"{word}: {' | '.join(known)}", param_hint=option)
    return given or []


def _row(job: Json) -> list[str]:
    progress = percent(job["fraction"]) if job["state"] not in ENDED else ""
    return [
        job["job_id"], job["name"], kind_word(job["kind"]), stage_word(job), progress, counts_text(job["items"]),
        left(job), moment(job["created_unix_s"]),
    ]  # fmt: skip


def _file_row(item: Json) -> list[str]:
    done = "" if item["state"] != "running" else f" {percent(item['fraction'])}"
    sizes = size(item["bytes_in"]) + (f" -> {size(item['bytes_out'])}" if item["bytes_out"] else "")
    return [item["source"], state_word(item["state"]) + done, str(item["frames"]), str(item["faces"]), sizes]


def _facts(job: Json) -> list[list[str]]:
    took = ""
    if job["started_unix_s"] is not None and job["ended_unix_s"] is not None:
        took = duration(max(0.0, job["ended_unix_s"] - job["started_unix_s"]))
    rows = [
        [say("name", "名称"), job["name"]],
        [say("what", "类型"), kind_word(job["kind"])],
        [say("state", "状态"), stage_word(job)],
        [say("done", "进度"), percent(job["fraction"])],
        [say("files", "文件"), counts_text(job["items"])],
        [say("frames", "帧数"), f"{job['frames_done']}/{job['frames_total']}"],
        [say("copied frames", "直接复制的帧"), str(job["frames_copied"])],
        [say("speed", "速度"), f"{job['speed_fps']:.1f} fps" if job["state"] == "running" else ""],
        [say("left", "剩余"), left(job)],
        [say("priority", "优先级"), str(job["priority"])],
        [say("made", "创建时间"), moment(job["created_unix_s"])],
        [say("took", "用时"), took],
        [say("results", "结果"), job["output_dir"]],
    ]
    if job["problem"]:
        rows.append([say("problem", "问题"), problem_text(job["problem"])])
        rows.append([say("what to do", "解决办法"), job["problem"]["hint"]])
    return [row for row in rows if row[1]]


def _tell(job: Json, as_json: bool) -> None:
    if as_json:
        out(json.dumps(job, ensure_ascii=False, indent=2))
    else:
        out(f"{job['job_id']}: {state_word(job['state'])}")

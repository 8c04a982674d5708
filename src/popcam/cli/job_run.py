"""`popcam job run`: make a job and see it through, by the running server or here."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from popcam.cli import job_options as options
from popcam.cli import job_server as server
from popcam.cli.api import UrlOption, ask
from popcam.cli.job_words import files_word, problem_text, size
from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import err, out, say, working
from popcam.core.errors import JobInputMissingError, JobInputOutsideRootsError, JobOutputRefusedError

RUN_HELP = say(
    "Hide or find faces in files and folders, transcode or index them. Uses the running server, else does it here.",
    "在文件和文件夹中隐藏或查找人脸、转码或建立索引。优先使用运行中的服务器，否则在此处执行。",
)
DEFAULT_OUTPUT = "popcam-results"
"""Folder of results in the working folder, of jobs that are done here and name none."""


def run(
    inputs: options.Inputs,
    hide_faces: options.HideFaces = False,
    find_faces: options.FindFaces = False,
    transcode: options.Transcode = False,
    index: options.Index = False,
    output: options.Output = None,
    name: options.Name = None,
    include: options.Include = None,
    exclude: options.Exclude = None,
    recursive: options.Recursive = None,
    on_conflict: options.OnConflict = None,
    priority: options.Priority = None,
    detector: options.Detector = None,
    min_score: options.MinScore = None,
    smallest_face: options.SmallestFace = None,
    style: options.Style = None,
    margin: options.Margin = None,
    lead: options.Lead = None,
    hold: options.Hold = None,
    gap: options.Gap = None,
    codec: options.Codec = None,
    quality: options.Quality = None,
    preset: options.Preset = None,
    hardware: options.Hardware = None,
    copy_untouched: options.CopyUntouched = None,
    photo_quality: options.PhotoQuality = None,
    check: Annotated[
        bool, typer.Option("--check", help=say("Only say what would be done.", "只说明将要做什么，不执行。"))
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help=say("Don't wait for the server to finish.", "不等待服务器完成。"))
    ] = False,
    upload: Annotated[
        bool,
        typer.Option(
            "--upload",
            help=say("Send the files to the server and bring the results back.", "上传文件到服务器并取回结果。"),
        ),
    ] = False,
    here: Annotated[
        bool, typer.Option("--here", help=say("Do it here, also beside a server.", "即使有服务器也在此处执行。"))
    ] = False,
    url: UrlOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run one job. The exit status says how it ended: 0 all of it, 11 in part, 12 nothing, 130 cancelled.

    Raises:
        JobError of any kind: the job could not be made.
        ServerUnreachableError: the server that was named does not answer.
    """
    kind = options.kind_of(hide_faces=hide_faces, find_faces=find_faces, transcode=transcode, index=index)
    fields = {
        "name": name, "include": include, "exclude": exclude, "recursive": recursive, "on_conflict": on_conflict,
        "priority": priority, "find__detector": detector, "find__min_score": min_score,
        "find__smallest_face": smallest_face, "hide__style": style, "hide__margin": margin, "hide__lead_s": lead,
        "hide__hold_s": hold, "hide__gap_s": gap, "encode__codec": codec, "encode__quality": quality,
        "encode__preset": preset, "encode__hardware": hardware, "encode__copy_untouched": copy_untouched,
        "encode__photo_quality": photo_quality,
    }  # fmt: skip
    document = options.document_of(kind, inputs, output_dir="" if output is None else str(output), **fields)
    by_server = not here and (server.named_server(url) or upload or server.answers(url))
    if by_server and upload:
        _by_upload(document, url, output, as_json=as_json)
    elif by_server:
        try:
            _by_server(document, url, check=check, detach=detach, as_json=as_json)
        except (JobInputOutsideRootsError, JobOutputRefusedError) as error:
            if server.named_server(url) or detach:
                raise
            reason = error.message("en"), error.message("zh")
            err(say(f"{reason[0]}; doing it here instead", f"{reason[1]}；改为在此处执行"))
            _by_us(document, config, set_, check=check, as_json=as_json)
    elif detach:
        raise typer.BadParameter(say("needs a running server", "需要运行中的服务器"), param_hint="--detach")
    else:
        _by_us(document, config, set_, check=check, as_json=as_json)


def _by_server(document: dict[str, Any], url: str | None, *, check: bool, detach: bool, as_json: bool) -> None:
    if server.on_this_machine(url):
        document = document | {"inputs": options.absolute(document["inputs"])}
        if document.get("output_dir"):
            document["output_dir"] = str(Path(document["output_dir"]).expanduser().absolute())
    if check:
        with working(say("Looking at the files...", "正在查看文件……")):
            told = ask("POST", "/api/v1/jobs/check", url, body=document, timeout_s=server.TIMEOUT_S).value
        _tell_check(told, as_json=as_json)
        return
    job = _made(document, url)
    if detach:
        out(json.dumps(job, ensure_ascii=False, indent=2) if as_json else job["job_id"])
        return
    server.told_end(server.finished(job["job_id"], url), url, as_json=as_json)


def _by_upload(document: dict[str, Any], url: str | None, output: Path | None, *, as_json: bool) -> None:
    with working(say("Uploading...", "正在上传……")):
        inputs = server.sent(document["inputs"], url)
    job = _made({key: value for key, value in document.items() if key != "output_dir"} | {"inputs": inputs}, url)
    ended = server.finished(job["job_id"], url)
    folder = output or Path(DEFAULT_OUTPUT)
    with working(say("Fetching the results...", "正在取回结果……")):
        server.fetched(job["job_id"], url, folder)
    server.told_end(ended, url, as_json=as_json, output_dir=str(folder))


def _made(document: dict[str, Any], url: str | None) -> dict[str, Any]:
    with working(say("Looking at the files...", "正在查看文件……")):
        job: dict[str, Any] = ask("POST", "/api/v1/jobs", url, body=document, timeout_s=server.TIMEOUT_S).value
    err(say(f"Job {job['job_id']}", f"任务 {job['job_id']}"))
    return job


def _by_us(
    document: dict[str, Any], config: Path | None, pairs: list[str] | None, *, check: bool, as_json: bool
) -> None:
    if any(given.startswith("upload:") for given in document["inputs"]):
        raise JobInputMissingError("uploads are on a server; name it with --url")
    document = {"output_dir": DEFAULT_OUTPUT} | {key: value for key, value in document.items() if value != ""}
    given = overrides(pairs)
    if check:
        from popcam.cli.job_here import check_here

        _tell_check(check_here(document, settings_of(config, given)), as_json=as_json)
    else:
        from popcam.cli.job_ahead import done_soon

        done_soon(document, lambda: settings_of(config, given), as_json=as_json)


def _tell_check(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out(json.dumps(told, ensure_ascii=False, indent=2))
        return
    files = files_word(told["files"])
    out(
        say(
            f"{files}: {told['videos']} videos, {told['photos']} photos",
            f"{files}：{told['videos']} 个视频，{told['photos']} 张照片",
        )
    )
    need, free = size(told["disk_need_bytes"]), size(told["disk_free_bytes"])
    out(say(f"Disk: needs about {need}, {free} are free", f"磁盘：约需 {need}，可用 {free}"))
    out(say(f"Results: {told['output_dir']}", f"结果：{told['output_dir']}"))
    for pair in told["examples"]:
        out(f"  {pair['source']} -> {pair['output']}")
    for problem in told["problems"]:
        err(problem_text(problem))

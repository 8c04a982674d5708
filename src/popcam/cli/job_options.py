"""Options of `popcam job run`, and the job that they describe. What is not given has the server's own default."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from popcam.cli.say import say
from popcam.core.jobs import Conflict, EncodePreset, FaceDetector, HardwareEncode, JobKind, VideoCodec
from popcam.core.spec import HideStyle


def _flag(name: str, en: str, zh: str) -> Any:
    return typer.Option(name, help=say(en, zh))


def _value(en: str, zh: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=say(en, zh), show_default=False, **more)


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help=say("Files and folders; upload:ID for what was uploaded.", "文件和文件夹；upload:ID 表示已上传的文件。"),
        show_default=False,
    ),
]
HideFaces = Annotated[
    bool, _flag("--hide-faces", "Write media without faces. The default.", "写出隐藏人脸的媒体（默认）。")
]
FindFaces = Annotated[
    bool, _flag("--find-faces", "Write what was found as .facts.jsonl.", "将找到的内容写入 .facts.jsonl。")
]
Transcode = Annotated[bool, _flag("--transcode", "Only encode anew.", "仅重新编码。")]
Index = Annotated[bool, _flag("--index", "Write who appears when as .index.json.", "将谁在何时出现写入 .index.json。")]
Output = Annotated[
    Path | None,
    _value(
        "Folder of the results; the tree below a folder is mirrored there.",
        "结果文件夹；输入文件夹的目录结构会保留。",
        "--output",
        "-o",
    ),
]
Name = Annotated[str | None, _value("What you call the job.", "任务名称。")]
Include = Annotated[
    list[str] | None,
    _value("Only files of folders that match, as *.mp4; may be repeated.", "只处理匹配的文件，如 *.mp4；可重复。"),
]
Exclude = Annotated[
    list[str] | None,
    _value("Leave out files and folders that match; may be repeated.", "排除匹配的文件和文件夹；可重复。"),
]
Recursive = Annotated[
    bool | None, _value("Take folders within folders.", "包含子文件夹。", "--recursive/--no-recursive")
]
OnConflict = Annotated[
    Conflict | None,
    _value(
        "When a result exists: write under a new number, skip, replace, or fail.",
        "结果已存在时：number 另编号、skip 跳过、replace 替换、fail 失败。",
    ),
]
Priority = Annotated[int | None, _value("0 to 9, higher runs first.", "0 到 9，越大越先处理。", min=0, max=9)]
Detector = Annotated[
    FaceDetector | None,
    _value(
        "yunet is fast, centerface finds more small and turned faces.",
        "yunet 速度快，centerface 能找到更多小脸和侧脸。",
    ),
]
MinScore = Annotated[float | None, _value("Lowest score of a face, 0 to 1.", "人脸最低分数，0 到 1。", min=0, max=1)]
SmallestFace = Annotated[
    float | None,
    _value(
        "Height of the smallest face, as a share of the picture's height.",
        "需找到的最小人脸高度，占画面高度的比例。",
        min=0.001,
        max=1,
    ),
]
Style = Annotated[HideStyle | None, _value("How faces are covered.", "遮挡方式。")]
Margin = Annotated[
    float | None, _value("Grow the cover by this share of the face.", "遮挡范围按人脸大小扩大的比例。", min=0.1, max=2)
]
Lead = Annotated[
    float | None,
    _value("Seconds to cover a face before it was first found.", "首次发现前提前遮挡的秒数。", "--lead", min=0, max=10),
]
Hold = Annotated[
    float | None,
    _value("Seconds to cover a face after it was last found.", "最后发现后继续遮挡的秒数。", "--hold", min=0, max=10),
]
Gap = Annotated[
    float | None,
    _value(
        "Seconds that a lost face stays covered until found again.",
        "人脸短暂丢失时保持遮挡的秒数。",
        "--gap",
        min=0,
        max=30,
    ),
]
Codec = Annotated[VideoCodec | None, _value("Codec of changed video.", "输出视频的编码。")]
Quality = Annotated[
    int | None,
    _value(
        "Quality of video, 1 to 51: lower is better and larger.",
        "视频质量，1 到 51：越小越好、文件越大。",
        min=1,
        max=51,
    ),
]
Preset = Annotated[EncodePreset | None, _value("Effort of the encoder.", "编码器速度预设。")]
Hardware = Annotated[HardwareEncode | None, _value("Hardware encoder; none or auto.", "硬件编码器；none 或 auto 等。")]
CopyUntouched = Annotated[
    bool | None,
    _value(
        "Copy parts in which nothing changes bit for bit.",
        "没有改动的部分直接逐位复制。",
        "--copy-untouched/--encode-all",
    ),
]
PhotoQuality = Annotated[int | None, _value("Quality of photos, 10 to 100.", "照片质量，10 到 100。", min=10, max=100)]

Section = Literal["find", "hide", "encode"]


def kind_of(*, hide_faces: bool, find_faces: bool, transcode: bool, index: bool) -> JobKind:
    """What the flags ask for.

    Raises:
        typer.BadParameter: more than one.
    """
    flags: dict[JobKind, bool] = {
        "hide_faces": hide_faces, "find_faces": find_faces, "transcode": transcode, "index": index,
    }  # fmt: skip
    given = [kind for kind, flag in flags.items() if flag]
    if len(given) > 1:
        raise typer.BadParameter(say("choose one of them", "只能选择其中一个"), param_hint="--hide-faces ... --index")
    return given[0] if given else "hide_faces"


def document_of(kind: JobKind, inputs: list[str], **values: Any) -> dict[str, Any]:
    """A job as JSON. A name with two underscores, `hide__style`, is a field of a section; what is None is left out."""
    document: dict[str, Any] = {"kind": kind, "inputs": inputs}
    for name, value in values.items():
        if value is None or value == []:
            continue
        section, _, field = name.rpartition("__")
        target: Any = document.setdefault(section, {}) if section else document
        target[field] = value
    return document


def absolute(inputs: list[str]) -> list[str]:
    """Paths as the shell's user means them; uploads as they are. Links are kept: the server follows them itself."""
    return [given if given.startswith("upload:") else str(Path(given).expanduser().absolute()) for given in inputs]


def without_local_paths(document: Mapping[str, Any]) -> bool:
    """Whether the job names nothing of this machine."""
    return not document.get("output_dir") and all(given.startswith("upload:") for given in document["inputs"])

"""`popcam models`: the model files that are installed."""

import json

from popcam.cli.options import JsonOption
from popcam.cli.say import out, say

HELP = say("List the installed models with their licences.", "列出已安装的模型及其许可证。")


def models(as_json: JsonOption = False) -> None:
    """List the models of popcam-models.

    Raises:
        DependencyMissingError: popcam-models is not installed.
        ModelError: its manifest can't be read.
    """
    from popcam.cli.table import print_table
    from popcam.core.errors import DependencyMissingError, ModelError

    try:
        import popcam_models
    except ModuleNotFoundError as error:
        raise DependencyMissingError("popcam-models") from error
    try:
        entries = list(popcam_models.manifest())
    except popcam_models.ManifestError as error:
        raise ModelError(str(error)) from error
    if as_json:
        listed = [
            {"name": e.name, "task": e.task, "licence": e.licence, "size_bytes": e.size_bytes, "sha256": e.sha256}
            for e in entries
        ]
        out(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    print_table(
        [say("name", "名称"), say("task", "用途"), say("licence", "许可证"), say("size", "大小")],
        [[e.name, e.task, e.licence, f"{e.size_bytes / 1e6:.1f} MB"] for e in entries],
    )

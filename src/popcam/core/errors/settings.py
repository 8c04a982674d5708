"""Failures of the settings and their file."""

from dataclasses import dataclass

from popcam.core.errors.base import PopcamError
from popcam.core.language import Language, Text


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong with the settings, and where it stands.

    Attributes:
        reason: what is wrong, in both languages, free of credentials.
        key: the setting, for example `cameras.front.act.style`; empty when it is about the file as a whole.
        origin: the file's name, `POPCAM_...` for a variable, `--...` for a flag.
        line, column: place in the file, counted from 1; 0 when it does not stand in a file.
    """

    reason: Text
    key: str = ""
    origin: str = ""
    line: int = 0
    column: int = 0

    def in_language(self, language: Language) -> str:
        """One line as compilers write it, so that editors jump to it: `popcam.yaml:3:5: server.prot: reason`."""
        place = f"{self.origin}:{self.line}:{self.column}" if self.line else self.origin
        return ": ".join(part for part in (place, self.key, self.reason.in_language(language)) if part)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One setting that differs: `key` as `zones[0].name`, both values as JSON with secrets masked, None for absent."""

    key: str
    before: object
    now: object


class ConfigError(PopcamError):
    """The settings can't be used as they are. `problems` says what, and where."""

    code = "config.invalid"
    http_status = 422
    exit_code = 2
    title = Text("The settings are not valid", "配置无效")
    hint = Text(
        "Correct the line that is named, then run `popcam config check`.",
        "请改正所指的那一行，然后运行 `popcam config check`。",
    )

    def __init__(self, detail: str = "", detail_zh: str = "", problems: tuple[ConfigProblem, ...] = ()) -> None:
        super().__init__(
            detail or "; ".join(problem.in_language("en") for problem in problems),
            detail_zh or "；".join(problem.in_language("zh") for problem in problems),
        )
        self.problems = problems


class ConfigUnreadableError(ConfigError):
    """The settings file can't be read at all."""

    code = "config.unreadable"
    title = Text("The settings file can't be read", "无法读取配置文件")
    hint = Text("Check that the file exists and that you may read it.", "请检查文件是否存在、是否有读取权限。")


class ConfigChangedError(ConfigError):
    """The settings file is not the one on which the change was based.

    `changes` say what differs, as far as that version is still known; `version` is the one in force.
    """

    code = "config.changed"
    http_status = 412
    retryable = True
    title = Text("The settings file changed meanwhile", "配置文件已被修改")
    hint = Text("Load it again and make your change on top.", "请重新载入，再在其上修改。")

    def __init__(self, detail: str = "", *, changes: tuple[FieldChange, ...] = (), version: str = "") -> None:
        named = ", ".join(change.key for change in changes)
        super().__init__(f"{detail}: {named}" if named else detail)
        self.changes = changes
        self.version = version


class ConfigFieldsError(ConfigError):
    """Settings that somebody sent break a rule. `problems` name each wrong field."""

    code = "config.fields_invalid"
    title = Text("These settings are not valid", "所填的设置无效")
    hint = Text("Correct the fields that are named; nothing was changed.", "请改正所指出的字段；没有作任何改动。")


class ConfigTextError(ConfigError):
    """A text that somebody sent is no valid settings file. `problems` name line and column."""

    code = "config.text_invalid"
    title = Text("This text is no valid settings file", "此文本不是有效的配置文件")
    hint = Text("Correct the lines that are named; nothing was changed.", "请改正所指出的行；没有作任何改动。")


class ConfigFixedError(PopcamError):
    """A variable or a flag decides this setting, so saving another value would have no effect."""

    code = "config.fixed"
    http_status = 409
    exit_code = 4
    title = Text("A variable or flag fixes this setting", "该设置由环境变量或命令行参数固定")
    hint = Text(
        "Change it where the detail says, or take it away there, and restart popcam.",
        "请在详情所指之处修改或移除它，然后重启 popcam。",
    )


class ConfigNoFileError(PopcamError):
    """The server was started without a settings file, so there is nowhere to save settings."""

    code = "config.no_file"
    http_status = 409
    exit_code = 4
    title = Text("There is no settings file", "没有配置文件")
    hint = Text(
        "Start popcam with `popcam serve --config popcam.yaml`; one comment line in that file is enough.",
        "请用 `popcam serve --config popcam.yaml` 启动；该文件只需一行注释即可。",
    )


class ConfigByHandError(PopcamError):
    """The file writes a setting in a way that can't be changed without touching what somebody else wrote."""

    code = "config.by_hand"
    http_status = 409
    exit_code = 4
    title = Text("This setting can only be changed in the file itself", "该设置只能直接在文件中修改")
    hint = Text("Edit the file's text, in the console or with an editor.", "请在控制台或编辑器中修改文件文本。")


class ConfigFileInvalidError(ConfigError):
    """The settings file holds a mistake, so single settings can't be saved in it. `problems` say where."""

    code = "config.file_invalid"
    http_status = 409
    exit_code = 6
    title = Text("Settings can't be saved while the file has a mistake", "配置文件有错误，暂时无法保存设置")
    hint = Text(
        "Correct the line that is named; until then the settings before it stay in force.",
        "请改正所指的那一行；在此之前，原有设置继续生效。",
    )


class ConfigReadOnlyError(PopcamError):
    """The settings file may not be written."""

    code = "config.read_only"
    http_status = 507
    exit_code = 6
    title = Text("Settings can't be saved: the file is read-only", "无法保存设置：配置文件只读")
    hint = Text(
        "Give popcam's user the right to write the file and its folder; into a container mount the folder, not the "
        "file alone.",
        "请给运行 popcam 的用户写入该文件及其文件夹的权限；在容器中请挂载整个文件夹，而不是单个文件。",
    )


class ConfigFullError(PopcamError):
    """The disk under the settings file is full, or the file would become larger than allowed."""

    code = "config.full"
    http_status = 507
    exit_code = 6
    retryable = True
    title = Text("Settings can't be saved: no space is left", "无法保存设置：空间不足")
    hint = Text("Free space on the disk of the settings file.", "请释放配置文件所在磁盘的空间。")

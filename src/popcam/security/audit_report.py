"""What a verification of the audit log found."""

from dataclasses import dataclass
from enum import StrEnum

from popcam.core.language import Language, Text


class Break(StrEnum):
    """How the log is not what was written."""

    EDITED = "edited"
    MISSING = "missing"
    INSERTED = "inserted"
    MOVED = "moved"
    REWRITTEN = "rewritten"
    TRUNCATED = "truncated"
    SELECTION = "selection"
    SIGNATURE = "signature"
    UNREADABLE = "unreadable"


WORDS: dict[Break, Text] = {
    Break.EDITED: Text(
        "entry {seq} was changed, or another one was put in its place", "第 {seq} 条记录被更改，或被替换成另一条"
    ),
    Break.MISSING: Text("entry {seq} is missing", "缺少第 {seq} 条记录"),
    Break.INSERTED: Text("entry {seq} was put in by somebody else", "第 {seq} 条记录是他人插入的"),
    Break.MOVED: Text("entry {seq} stands where it does not belong", "第 {seq} 条记录的位置不对"),
    Break.REWRITTEN: Text(
        "an entry from {seq} to {until} was changed and those after it were computed anew",
        "第 {seq} 至 {until} 条记录中有一条被更改，其后的记录被重新计算",
    ),
    Break.TRUNCATED: Text(
        "the log ends before entry {seq}; it went on to {until} at least",
        "日志在第 {seq} 条之前结束；它至少应到 {until}",
    ),
    Break.SELECTION: Text(
        "after entry {seq}: entries were taken out of this selection, or put into it",
        "第 {seq} 条之后：有记录从此筛选结果中移除或加入",
    ),
    Break.SIGNATURE: Text("the signature at entry {seq} is not of this key", "第 {seq} 条处的签名不是由此密钥所签"),
    Break.UNREADABLE: Text("entry {seq} can't be read", "无法读取第 {seq} 条记录"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The first thing that is wrong. `until`: the last entry that it may concern. `line`: of the file."""

    kind: Break
    seq: int
    until: int = 0
    line: int = 0

    def in_language(self, language: Language) -> str:
        """The sentence."""
        text = WORDS[self.kind].in_language(language).format(seq=self.seq, until=self.until or self.seq)
        line = Text(" (line {})", "（第 {} 行）").in_language(language).format(self.line)
        return f"{text}{line}" if self.line else text


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was looked at, and how it is.

    Attributes:
        entries: that were read, up to the first break.
        first_seq, last_seq, last_hash: of these; 0 and "" for none.
        signed_until: the newest entry that a signature vouches for, itself or by the chain behind it; 0 for none.
        key_id: whose signatures were checked; empty when there was no key to check them with.
        whole: all entries of the span are there; False for an export that was filtered.
        broken: None when all is as it was written.
    """

    entries: int
    first_seq: int = 0
    last_seq: int = 0
    last_hash: str = ""
    signed_until: int = 0
    key_id: str = ""
    whole: bool = True
    broken: Finding | None = None

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return self.broken is None

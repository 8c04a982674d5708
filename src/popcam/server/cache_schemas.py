"""What the API answers about answers that are kept, as declared models."""

from typing import Literal

from pydantic import BaseModel, Field

from popcam.server.response_cache import Counts, Entry, ResponseCache


class CacheCountsOut(BaseModel):
    """What became of requests that may be answered from what is kept."""

    hits: int = Field(description="Answered from what was kept.")
    not_modified: int = Field(description="Answered by 304: the reader has the answer.")
    misses: int = Field(description="Made anew.")
    spared_ratio: float | None = Field(description="Share of hits and 304; null while nobody has asked.")


class CacheRouteOut(CacheCountsOut):
    """The same for one route."""

    route: str


class CacheStatsOut(CacheCountsOut):
    """How the cache does, since the start."""

    enabled: bool
    store: Literal["memory", "redis"]
    working: bool = Field(description="False while the store can't be reached; requests are answered without it.")
    failures: int = Field(description="Requests that did without, because the store failed.")
    entries: int = Field(description="Answers that may be given now.")
    size_bytes: int
    routes: list[CacheRouteOut]


class CacheEntryOut(BaseModel):
    """One answer that is kept and may be given now."""

    path: str
    query: str
    language: Literal["en", "zh"]
    role: str = Field(description="Of those it is for; empty for who is not signed in.")
    limited: bool = Field(description="It is for somebody who is limited to some cameras.")
    size_bytes: int
    hits: int
    made_unix_s: float
    life_s: float = Field(description="How long it is given at most.")


class CacheEntriesOut(BaseModel):
    """Answers that may be given now, newest first."""

    items: list[CacheEntryOut]


class CacheClearedOut(BaseModel):
    """Nothing is kept any more."""

    cleared: int = Field(description="So many answers were forgotten.")


def counts_of(counts: Counts) -> dict[str, int | float | None]:
    """The counts of all, or of one route."""
    ratio = counts.spared_ratio
    return {
        "hits": counts.hits,
        "not_modified": counts.not_modified,
        "misses": counts.misses,
        "spared_ratio": None if ratio is None else round(ratio, 4),
    }


def stats_of(cache: ResponseCache) -> CacheStatsOut:
    """How the cache does."""
    entries = cache.entries()
    return CacheStatsOut.model_validate(
        {
            **counts_of(cache.counts),
            "enabled": cache.enabled,
            "store": cache.store.name,
            "working": cache.working,
            "failures": cache.failures,
            "entries": len(entries),
            "size_bytes": sum(entry.size_bytes for entry in entries),
            "routes": [{"route": route, **counts_of(counts)} for route, counts in sorted(cache.by_path.items())],
        }
    )


def entry_of(entry: Entry) -> CacheEntryOut:
    """One answer that is kept."""
    return CacheEntryOut(
        path=entry.question.path,
        query="&".join(f"{name}={value}" for name, value in entry.question.query),
        language=entry.question.language,
        role=entry.question.role,
        limited=entry.question.limited,
        size_bytes=entry.size_bytes,
        hits=entry.hits,
        made_unix_s=entry.made_unix_s,
        life_s=entry.life_s,
    )

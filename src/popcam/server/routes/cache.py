"""/api/cache: answers that are kept for a moment."""

from typing import Annotated

from fastapi import Depends

from popcam.core.access import Permission
from popcam.core.errors import CacheUnavailableError, NotFoundError
from popcam.server import cache_schemas as schemas
from popcam.server import examples
from popcam.server import performance_examples as own_examples
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.response_cache import ResponseCache
from popcam.server.watched_over import WatchedOver

router = Router(prefix="/api/cache", tags=["performance"])


async def cache_of(operating: WatchedOver) -> ResponseCache:
    """Where answers are kept.

    Raises:
        NotFoundError: this server keeps none.
    """
    if operating.cache is None:
        raise NotFoundError("this server keeps no answers", "此服务器不缓存回答")
    return operating.cache


Cache = Annotated[ResponseCache, Depends(cache_of)]


@router.get(
    "/stats",
    dependencies=[needs(Permission.VIEW)],
    summary="How the cache does",
    responses={200: examples.of(own_examples.CACHE), **responses(NotFoundError)},
)
async def get_cache_stats(cache: Cache) -> schemas.CacheStatsOut:
    """How many requests were answered from what was kept, or by 304, since the start; for all and for each route."""
    return schemas.stats_of(cache)


@router.get(
    "/entries",
    dependencies=[needs(Permission.VIEW)],
    summary="What is kept",
    responses={200: examples.of(own_examples.CACHE_ENTRIES), **responses(NotFoundError)},
)
async def list_cache_entries(cache: Cache) -> schemas.CacheEntriesOut:
    """Answers that may be given now, newest first. What a change has ended, or what is too old, is not among them."""
    return schemas.CacheEntriesOut(items=[schemas.entry_of(entry) for entry in cache.entries()])


@router.post(
    "/clear",
    dependencies=[needs(Permission.OPERATE, action="cache.clear")],
    summary="Forget what is kept",
    responses={200: examples.of({"cleared": 3}), **responses(NotFoundError, CacheUnavailableError)},
)
async def clear_cache(cache: Cache) -> schemas.CacheClearedOut:
    """Forget all answers; each is made anew when somebody asks. Never needed: changes end answers by themselves."""
    return schemas.CacheClearedOut(cleared=await cache.clear())

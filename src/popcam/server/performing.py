"""The parts that tell how popcam performs, and answers that are kept: made for a server, with their figures."""

import secrets
from typing import TYPE_CHECKING

from popcam.config import Settings
from popcam.config.model import CacheSettings
from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.figures import Figures
from popcam.monitoring.performance import Performance
from popcam.monitoring.registry import Registry
from popcam.server.cache_backends import AnswerStore, MemoryAnswers, RedisAnswers
from popcam.server.core_services import CoreServices
from popcam.server.response_cache import ResponseCache

if TYPE_CHECKING:
    from popcam.storage import Database

HITS = Metric(
    name="popcam_cache_hits_total",
    kind="counter",
    unit="1",
    help=Text("Requests that were answered from what was kept", "由缓存回答的请求数"),
    kept=True,
)
MISSES = Metric(
    name="popcam_cache_misses_total",
    kind="counter",
    unit="1",
    help=Text("Requests whose answer had to be made although it may be kept", "可缓存但需重新生成回答的请求数"),
    kept=True,
)
NOT_MODIFIED = Metric(
    name="popcam_cache_not_modified_total",
    kind="counter",
    unit="1",
    help=Text("Requests that were answered by 304, as the reader has the answer", "以 304 回答的请求数"),
    kept=True,
)
ENTRIES = Metric(
    name="popcam_cache_entries",
    kind="gauge",
    unit="1",
    help=Text("Answers that are kept and may be given", "当前可用的缓存回答数"),
)


def performance_of(services: CoreServices, registry: Registry, figures: Figures, database: "Database") -> Performance:
    """How this server performs; to be started."""
    return Performance(registry, figures, database.meter, services.fleet.statuses, services.clock)


def cache_of(services: CoreServices, settings: CacheSettings, figures: Figures) -> ResponseCache:
    """Answers of this server, which hear of all changes; to be closed."""
    cache = ResponseCache(store_of(settings), enabled=settings.enabled, unix_s=services.clock.unix_s)
    cache.attach(services.hub, lambda: _seen_of(services))
    registry = figures.registry
    hits, misses = registry.declare(HITS), registry.declare(MISSES)
    not_modified, entries = registry.declare(NOT_MODIFIED), registry.declare(ENTRIES)

    def sample() -> None:
        hits.set((), cache.counts.hits)
        misses.set((), cache.counts.misses)
        not_modified.set((), cache.counts.not_modified)
        entries.set((), len(cache.entries()))

    figures.sample_with("cache", sample)
    figures.on_tick(lambda _unix_s: cache.heard("figures"))
    return cache


def _seen_of(services: CoreServices) -> tuple[object, ...]:
    """What an answer about the server tells of, and changes without anybody being told."""
    workers = tuple((worker.worker_id, worker.pid, worker.camera_ids) for worker in services.fleet.workers())
    return services.settings.state(), services.viewers, services.quiet, workers


def store_of(settings: CacheSettings) -> AnswerStore:
    """Where answers are kept. In Redis no two servers, and no two lives of one, have the same keys."""
    if settings.url:
        return RedisAnswers(settings.url, f"popcam:{secrets.token_hex(8)}:")
    return MemoryAnswers(settings.max_entries)


def settings_changed(cache: ResponseCache, settings: Settings) -> None:
    """Take over what changes without a restart."""
    cache.enabled = settings.cache.enabled
    if isinstance(cache.store, MemoryAnswers):
        cache.store.max_entries = settings.cache.max_entries

"""Figures: for Prometheus at /metrics, as JSON, as history, and live by a WebSocket, under /api/v1/monitoring."""

import asyncio
from functools import partial
from typing import Annotated, cast

import msgspec
from fastapi import Path, Query, Response, WebSocket, WebSocketDisconnect

from popcam.core.access import Permission, Principal
from popcam.core.errors import (
    DatabaseError,
    LoginNeededError,
    MetricUnknownError,
    NotFoundError,
    PopcamError,
    RequestInvalidError,
)
from popcam.core.monitoring import Labels, Metric
from popcam.monitoring.points import at_most
from popcam.server import examples
from popcam.server.live_figures import Choose, LiveFigures, decode
from popcam.server.monitoring_schemas import (
    HISTORY,
    METRICS,
    HistoryOut,
    MetricsOut,
    Sees,
    history_out,
    may_see,
    metrics_json,
)
from popcam.server.needs import Router, Who, needs
from popcam.server.operating import Operating
from popcam.server.problems import responses
from popcam.server.services import Reader, Services, Use
from popcam.server.sight import sees
from popcam.server.standing import until_changed
from popcam.server.tasks import first_of
from popcam.server.watched_over import WatchedOver

router = Router(tags=["monitoring"])
PREFIX = "/api/v1/monitoring"
PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"
MAX_NAMES = 200


@router.get(
    "/metrics",
    dependencies=[needs(Permission.VIEW, action="metrics.scrape")],
    summary="Figures for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {PROMETHEUS_TEXT: {"schema": {"type": "string"}}}, "description": "The newest figures."},
        **responses(NotFoundError),
    },
)
async def scrape_metrics(operating: WatchedOver) -> Response:
    """All figures in Prometheus' text format. Give Prometheus an API token of a viewer without a limit to cameras."""
    from prometheus_client import generate_latest

    text = await asyncio.to_thread(generate_latest, operating.registry.prometheus)
    return Response(text, media_type=PROMETHEUS_TEXT)


@router.get(
    f"{PREFIX}/metrics",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Figures",
    response_model=MetricsOut,
    responses={200: examples.of(METRICS), **responses(RequestInvalidError, MetricUnknownError)},
)
async def list_metrics(
    operating: WatchedOver,
    services: Use,
    who: Who,
    language: Reader,
    name: Annotated[list[str] | None, Query(description="Only these metrics; repeat it.", max_length=MAX_NAMES)] = None,
    camera_id: Annotated[str | None, Query(description="Only figures of this camera.", max_length=64)] = None,
    series: Annotated[bool, Query(description="False: which metrics there are, without their values.")] = True,
) -> Response:
    """The newest value of every series. Who is limited to some cameras gets figures of these."""
    limit = _sight(services, who)

    def written() -> bytes:
        metrics = metrics_json(operating.figures, name or (), camera_id, limit, language, with_series=series)
        kept = {"at_unix_s": services.clock.unix_s(), "keep_days": operating.figures.keep_days}
        return msgspec.json.encode({**kept, "metrics": metrics})

    # A thousand cameras have tens of thousands of series: others need not wait for them.
    return Response(await asyncio.to_thread(written), media_type=JSON)


@router.get(
    f"{PREFIX}/metrics/{{name}}/history",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="History of a figure",
    responses={200: examples.of(HISTORY), **responses(RequestInvalidError, MetricUnknownError, DatabaseError)},
)
async def get_history(
    operating: WatchedOver,
    services: Use,
    who: Who,
    name: Annotated[str, Path(description="Name of the metric.", max_length=120)],
    labels: Annotated[
        list[str] | None, Query(description="`label:value`, such as `camera:door`; one of each label.", max_length=8)
    ] = None,
    since: Annotated[
        float | None, Query(allow_inf_nan=False, ge=0, le=1e11, description="Seconds since 1970; an hour ago if unset.")
    ] = None,
    until: Annotated[
        float | None, Query(allow_inf_nan=False, ge=0, le=1e11, description="Seconds since 1970; now if unset.")
    ] = None,
    max_points: Annotated[int, Query(ge=10, le=5000, description="Longer steps rather than more points.")] = 1000,
) -> HistoryOut:
    """What one series was: seconds of the last hour, minutes before. A series that never was has no points."""
    metric = operating.registry.family(name).metric
    series = labels_of(metric, labels or ())
    now_s = services.clock.unix_s()
    end_s = now_s if until is None else until
    begin_s = end_s - 3600.0 if since is None else since
    if begin_s > end_s:
        raise RequestInvalidError("query.since: it is after `until`")
    if not may_see(metric, series, _sight(services, who)):
        raise MetricUnknownError(name)
    points = await operating.figures.history(name, series, begin_s, end_s)
    # A month of minutes takes some hundredths of a second, which others need not wait for.
    return history_out(metric, series, await asyncio.to_thread(at_most, points, max_points))


@router.websocket(f"{PREFIX}/live", dependencies=[needs(Permission.VIEW, filtered=True, action="metrics.follow")])
async def live_figures(
    websocket: WebSocket,
    services: Use,
    who: Who,
    series: Annotated[list[str] | None, Query(max_length=100)] = None,
    hz: Annotated[float, Query(ge=0.1, le=10.0)] = 1.0,
) -> None:
    """The newest values of chosen series, `hz` times a second (0.1 to 10).

    `series` may be repeated: a metric's name stands for all its series, `popcam_stage_seconds{camera=door,stage=gate}`
    for those with these labels. Text messages are JSON: `series` names what is told, and comes again when series came
    or went; `values` has `at_unix_s` and one value for each of them, in that order, null for what has none. Counters
    are told as they stand. `{"type": "choose", "series": [...], "hz": 5}` chooses anew, `{"type": "ping", "id": 1}` is
    answered by `pong`. Who is limited to some cameras gets figures of these. Close codes: 1007 a message that is none
    of these, 1008 an unknown metric or label, 1011 nothing watches over this server, 1012 the server closes, 4401 the
    login ended or changed.
    """
    await websocket.accept()
    if services.operating is None:
        await websocket.close(1011, NotFoundError.code)
        return
    telling = Telling(websocket, services, services.operating, who)
    if series and not telling.choose(series, hz):
        await websocket.close(1008, telling.refused)
        return
    done = await first_of(telling.tell(), telling.read(), services.closing.wait(), until_changed(websocket))
    if telling.refused:
        await websocket.close(1007 if telling.refused == RequestInvalidError.code else 1008, telling.refused)
    elif done == 2:
        await websocket.close(1012, "server closes")
    elif done == 3:
        await websocket.close(4401, LoginNeededError.code)


class Telling:
    """One listener's connection."""

    def __init__(self, websocket: WebSocket, services: Services, operating: Operating, who: Principal) -> None:
        self._websocket = websocket
        self._clock = services.clock
        self._live = LiveFigures(operating.figures, _sight(services, who))
        self.refused = ""
        """Code of why the connection ends."""

    def choose(self, series: list[str], hz: float) -> bool:
        """False when something unknown was chosen."""
        try:
            self._live.choose(series, hz)
        except PopcamError as error:
            self.refused = error.code
        return not self.refused

    async def tell(self) -> None:
        """Send values for as long as there is somebody; a slow reader gets fewer of them, and always the newest."""
        try:
            while True:
                for text in self._live.messages(self._clock.unix_s()):
                    await self._websocket.send_text(text)
                await self._live.wait()
        except WebSocketDisconnect:
            return

    async def read(self) -> None:
        """Take what the client says, until it leaves or says what is none of our messages."""
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            try:
                said = decode(message.get("text") or b"")
            except msgspec.DecodeError:
                self.refused = RequestInvalidError.code
                return
            if not isinstance(said, Choose):
                await self._websocket.send_text(f'{{"type":"pong","id":{said.id}}}')
            elif not self.choose(list(said.series), said.hz):
                return


def labels_of(metric: Metric, given: tuple[str, ...] | list[str]) -> Labels:
    """One value for each label of a metric.

    Raises:
        RequestInvalidError: one is missing, or none of its labels.
    """
    pairs = dict(cast(tuple[str, str], tuple(part.partition(":")[::2])) for part in given)
    if set(pairs) != set(metric.labels):
        wanted = ", ".join(f"{label}:..." for label in metric.labels) or "none"
        raise RequestInvalidError(f"query.labels: {metric.name} has {wanted}")
    return tuple(pairs[label] for label in metric.labels)


def _sight(services: Services, who: Principal) -> Sees | None:
    return None if who.scope.whole else partial(sees, services.cameras, who)

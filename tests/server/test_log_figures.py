"""What the server logs is counted."""

import pytest
import structlog
from tests.server.conftest import Rig

from popcam.config import LogSettings
from popcam.server import logs
from popcam.server.log_figures import sample_logs


async def test_lines_and_losses_are_figures(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    operating = rig.services.operating
    assert operating is not None
    sample_logs(operating.figures)
    logs.configure(LogSettings(format="json"))
    before = logs.server_log().lines["warning"]
    structlog.get_logger("x").warning("something")
    await operating.figures.prepare()
    operating.figures.take()
    logs.server_log().end()
    structlog.reset_defaults()
    registry = operating.registry
    assert registry.family("popcam_log_lines_total").latest()["warning",] == before + 1
    assert registry.family("popcam_log_dropped_total").latest() == {(): float(logs.server_log().dropped)}

"""What the server part itself wants to know; `run` fills it from the settings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where the server listens, whom it answers, and where things lie."""

    data_dir: Path
    """Recordings in `recordings/<camera id>/`, the database in `popcam.db`."""
    log_dir: Path
    console_dir: Path = Path(__file__).parent / "console"
    """The built console."""
    host: str = "127.0.0.1"
    port: int = 8080
    allowed_hosts: tuple[str, ...] = ()
    """Further host names to answer to; `*` for any. Addresses and this machine's own names are always known."""
    allowed_origins: tuple[str, ...] = ()
    """Further origins (`https://example.org`) whose pages may act and watch; `*` for any."""
    max_viewers: int = 100
    """Most live pictures at once, all transports together."""
    max_webrtc_sessions: int = 16
    login: bool = False
    """Ask for a login; without it everybody may do everything."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose word about the caller counts."""
    hsts: bool = False
    slow_request_s: float = 1.0
    """A request that takes longer is logged."""

    @property
    def recordings_dir(self) -> Path:
        return self.data_dir / "recordings"

"""Everything that can be set, with its default. The texts below the fields are the reference page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import platformdirs
from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from popcam.config.origin import Loading
from popcam.core.alerts import AlertRuleSpec, ChannelSpec, CommandSpec
from popcam.core.running_server import default_runtime_dir
from popcam.core.spec import STRICT, CameraSpec
from popcam.core.worker_settings import InferenceSpec, WorkersSpec

HostName = Annotated[str, MinLen(1), MaxLen(255)]
FileName = Annotated[str, MaxLen(4096)]
"""Of a file, or empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the console and the API are served. A change needs a restart."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    host: HostName = "127.0.0.1"
    """Address to listen on. `127.0.0.1` serves this machine only, `0.0.0.0` every network that the machine is in."""
    port: Annotated[int, Ge(0), Le(65_535)] = 8080
    """TCP port; 0 takes any free one, which the start message names."""
    allowed_hosts: Annotated[tuple[HostName, ...], MaxLen(100)] = ()
    """Further host names under which browsers may call the server, for example `cams.example.org`; `*` allows any.
    Addresses in numbers, `localhost` and this machine's own name always may. Other names are refused, so that a
    foreign web page can't reach the server through a name of its own (DNS rebinding)."""
    allowed_origins: Annotated[tuple[HostName, ...], MaxLen(100)] = ()
    """Web pages of other servers that may act and watch here, as origins such as `https://home.example.org`; `*`
    allows any."""
    max_viewers: Annotated[int, Ge(1), Le(100_000)] = 100
    """Most live pictures at once, all ways of watching together."""
    max_webrtc_sessions: Annotated[int, Ge(0), Le(10_000)] = 16
    """Most WebRTC sessions at once; 0 switches WebRTC off."""
    slow_request_s: Annotated[float, Gt(0.0), Le(600.0)] = 1.0
    """A request that takes longer is logged."""
    tls: Literal["off", "auto", "files"] = "off"
    """HTTPS. `auto` makes a certificate authority and a certificate of this machine's own and renews it; `files` takes
    `tls_cert` and `tls_key` and reads them again when they change; `off` is plain HTTP."""
    tls_cert: FileName = ""
    """Certificate with its chain, PEM, for `tls: files`."""
    tls_key: FileName = ""
    """Private key, PEM, for `tls: files`."""
    hsts: bool = False
    """Tell browsers to come by HTTPS alone from now on (Strict-Transport-Security)."""
    allow_plain_http: bool = False
    """Serve other machines without TLS, so that passwords and pictures cross the network readable. Behind a reverse
    proxy on this machine it is not needed."""
    trusted_proxies: Annotated[tuple[HostName, ...], MaxLen(100)] = ()
    """Addresses or networks (`192.168.1.5`, `10.0.0.0/8`) of reverse proxies whose word about the caller's address and
    scheme counts (X-Forwarded-For, X-Forwarded-Proto). From all others it is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySettings:
    """Who may come in, and what is kept about it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    login: bool = True
    """Ask for a login. Without it everybody who reaches the server may do everything."""
    session_idle_h: Annotated[float, Gt(0.0), Le(8760.0)] = 72.0
    """A browser's session ends after so many hours without use."""
    session_max_days: Annotated[float, Gt(0.0), Le(3650.0)] = 30.0
    """A browser's session ends after so many days in any case."""
    audit_keep_days: Annotated[float, Ge(1.0), Le(36_500.0)] = 184.0
    """Older entries of the audit log are removed; what is left can still be verified."""
    audit_views: bool = True
    """Watching live pictures and recordings is written to the audit log, too."""
    allow_loopback_sources: bool = True
    """Cameras may have an address of this machine itself (`127.0.0.1`), such as go2rtc beside popcam."""
    lockdown_stops: Annotated[tuple[Literal["preview", "restream", "jobs"], ...], MaxLen(3)] = ("restream",)
    """What incident mode stops. Recordings go on."""
    oidc_issuer: FileName = ""
    """OpenID Connect: address of the provider, such as `https://id.example.org/realms/home`. Needs `popcam[oidc]`."""
    oidc_client_id: FileName = ""
    """OpenID Connect: id of popcam at the provider."""
    oidc_client_secret_file: FileName = ""
    """OpenID Connect: file that holds popcam's secret at the provider."""
    oidc_role_claim: Annotated[str, MaxLen(200)] = "groups"
    """OpenID Connect: the claim that tells the role."""
    oidc_admins: Annotated[tuple[HostName, ...], MaxLen(100)] = ()
    """OpenID Connect: values of the claim that make somebody admin."""
    oidc_operators: Annotated[tuple[HostName, ...], MaxLen(100)] = ()
    """OpenID Connect: values of the claim that make somebody operator."""
    oidc_viewers: Annotated[tuple[HostName, ...], MaxLen(100)] = ()
    """OpenID Connect: values of the claim that make somebody viewer. Who has none of these may not sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is logged."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least important lines that are kept."""
    format: Literal["auto", "console", "json"] = "auto"
    """`console` is for people, `json` one object a line; `auto` is `console` in a terminal and `json` elsewhere.
    A change needs a restart."""
    file: bool = True
    """Also write JSON lines to `server.log` in the log folder. A change needs a restart."""
    max_size_mb: Annotated[float, Gt(0.0), Le(10_000.0)] = 10.0
    """A log file is put away at this size, each camera's and each worker's too."""
    max_files: Annotated[int, Ge(1), Le(1000)] = 5
    """So many files that were put away are kept, of each log."""
    max_age_days: Annotated[float, Gt(0.0), Le(3650.0)] = 14.0
    """Log files that were put away are deleted after this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSettings:
    """What is measured and checked, and how long it is kept."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    keep_days: Annotated[float, Ge(1.0), Le(3650.0)] = 30.0
    """One-minute figures are kept so long."""
    max_history_mb: Annotated[float, Ge(10.0), Le(1_000_000.0)] = 500.0
    """The oldest figures are deleted beyond this size of all of them in the database."""
    disk_warning_percent: Annotated[float, Ge(0.0), Le(100.0)] = 10.0
    """Less free space on a disk than this is a warning."""
    disk_failed_percent: Annotated[float, Ge(0.0), Le(100.0)] = 3.0
    """Less free space on a disk than this is a failure."""
    frozen_s: Annotated[float, Ge(1.0), Le(600.0)] = 6.0
    """A picture that stays the very same for so long is frozen. A camera's noise changes every picture."""
    min_fps_share: Annotated[float, Ge(0.0), Le(1.0)] = 0.5
    """A camera that delivers less than this share of its usual frames per second is slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSettings:
    """Answers that are kept for a moment, so that many who ask the same are served at once."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    enabled: bool = True
    """Keep answers at all."""
    url: FileName = ""
    """A Redis server that several servers share, such as `redis://127.0.0.1:6379/0`; empty keeps answers in memory.
    Needs `popcam[redis]`. A change needs a restart."""
    max_entries: Annotated[int, Ge(10), Le(1_000_000)] = 2000
    """Most answers that are kept in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsSettings:
    """Who is told of what, when, and what popcam does by itself."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    group_wait_s: Annotated[float, Ge(0.0), Le(3600.0)] = 0.5
    """Alerts that begin within this time are told together."""
    group_interval_s: Annotated[float, Ge(1.0), Le(86_400.0)] = 300.0
    """What is added to a group that was told already waits so long."""
    repeat_interval_s: Annotated[float, Ge(60.0), Le(2_592_000.0)] = 14_400.0
    """What still fires is told again after this time."""
    group_by: Annotated[tuple[Literal["rule", "camera", "worker", "severity"], ...], MaxLen(4)] = ("rule",)
    """Alerts that have these in common are told together."""
    channels: Annotated[Mapping[str, ChannelSpec], MaxLen(100)] = field(default_factory=dict)
    """Ways to tell people, by id. They may be made in the console, too."""
    rules: Annotated[Mapping[str, AlertRuleSpec], MaxLen(10_000)] = field(default_factory=dict)
    """Rules, by id. They may be made in the console, too; a rule with the id of a built-in one takes its place."""
    commands: Annotated[Mapping[str, CommandSpec], MaxLen(100)] = field(default_factory=dict)
    """Commands of this machine that recovery may run, by name."""
    recovery: bool = True
    """Carry out recovery actions. Without it they are only told as what would have been done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """Events, states and alerts to an MQTT broker, with discovery by Home Assistant."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    host: Annotated[str, MaxLen(255)] = ""
    """The broker; empty for none."""
    port: Annotated[int, Ge(1), Le(65_535)] = 1883
    """The broker's port."""
    tls: bool = False
    """Speak TLS."""
    username: Annotated[str, MaxLen(256)] = ""
    """User name at the broker."""
    password: Annotated[str, MaxLen(256)] = ""
    """Password at the broker. Never shown again."""
    prefix: Annotated[str, MinLen(1), MaxLen(100)] = "popcam"
    """First part of all topics."""
    discovery_prefix: Annotated[str, MaxLen(100)] = "homeassistant"
    """First part of Home Assistant's discovery topics; empty for no discovery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsSettings:
    """How long events are kept."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    max_age_days: Annotated[float, Gt(0.0), Le(3650.0)] = 30.0
    """Older events and their snapshots are deleted."""
    max_count: Annotated[int, Ge(100), Le(100_000_000)] = 100_000
    """The oldest events are deleted beyond this number."""


FolderName = Annotated[str, MinLen(1), MaxLen(4096)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSettings:
    """Batch jobs: files and folders that are worked on over every core. A change needs a restart."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    roots: Annotated[tuple[FolderName, ...], MaxLen(100)] = ()
    """Folders of this machine that jobs may read and write, with all below them. Without any, jobs take uploads
    and write into popcam's own data folder."""
    workers: Annotated[int, Ge(0), Le(256)] = 0
    """Processes that jobs use at once; 0 is one per processor core."""
    concurrent_jobs: Annotated[int, Ge(1), Le(100)] = 2
    """Most jobs that are worked on at once; the others wait by priority and age."""
    nice: Annotated[int, Ge(0), Le(19)] = 10
    """How much jobs give way to other programs, 0 to 19; not on Windows."""
    keep_days: Annotated[float, Gt(0.0), Le(3650.0)] = 30.0
    """Finished jobs are removed after this time, with those of their results that lie in popcam's own data folder."""
    max_upload_gb: Annotated[float, Gt(0.0), Le(10_000.0)] = 20.0
    """Largest file that may be uploaded."""
    yield_to_cameras: bool = True
    """Jobs slow down, then pause, while live cameras lose or delay pictures."""


class Settings(BaseSettings):
    """All settings of popcam. Made directly it takes only what it is given; `load_settings` reads the file."""

    model_config = SettingsConfigDict(
        env_prefix="POPCAM_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        # An error must never repeat the value: it may be a password.
        hide_input_in_errors=True,
        title="popcam settings",
    )

    server: ServerSettings = field(default_factory=ServerSettings)
    """Where the console and the API are served."""
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("popcam"))
    """Folder for the database and recordings; the user's own data folder when unset. A relative path counts from the
    settings file. A change needs a restart."""
    runtime_dir: Path = Field(default_factory=default_runtime_dir)
    """Folder for the sockets of workers, on a local disk; the user's own runtime folder when unset. A change needs a
    restart."""
    log_dir: Path = Field(default_factory=lambda: platformdirs.user_log_path("popcam"))
    """Folder for log files; the user's own log folder when unset. A change needs a restart."""
    log: LogSettings = field(default_factory=LogSettings)
    """What is logged."""
    workers: WorkersSpec = field(default_factory=WorkersSpec)
    """The processes that run cameras. A change needs a restart."""
    inference: InferenceSpec = field(default_factory=InferenceSpec)
    """What runs the models. A change needs a restart."""
    events: EventsSettings = field(default_factory=EventsSettings)
    """How long events are kept."""
    jobs: JobsSettings = field(default_factory=JobsSettings)
    """Batch jobs over files and folders. A change needs a restart."""
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    """What is measured and checked, and how long it is kept."""
    cache: CacheSettings = field(default_factory=CacheSettings)
    """Answers that are kept for a moment."""
    alerts: AlertsSettings = field(default_factory=AlertsSettings)
    """Who is told of what, when, and what popcam does by itself."""
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    """Events, states and alerts to an MQTT broker, with discovery by Home Assistant."""
    security: SecuritySettings = field(default_factory=SecuritySettings)
    """Who may come in, and what is kept about it. A change needs a restart."""
    camera_store: Literal["auto", "file", "database"] = "auto"
    """Where cameras are kept that people make and change in the console. `file` is the section `cameras` of this file:
    changes go into it with comments kept, and edits by hand are taken over while popcam runs. `database` takes each
    camera of this file once and is alone responsible from then on. `auto` is `file` where there is a settings file.
    A change needs a restart."""
    cameras: Mapping[str, CameraSpec] = Field(default_factory=dict)
    """The cameras, by id. An id is small letters, digits and `-`, and stays the same for the camera's whole life."""

    _loading: Loading | None = PrivateAttr(default=None)

    @property
    def loading(self) -> Loading | None:
        """How these settings came about: file, variables, flags and the origin of each; None when made in code."""
        return self._loading

    @property
    def path(self) -> Path | None:
        """The settings file that was read, or None."""
        return self._loading.path if self._loading else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings' own
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller gives: `layers.py` merges file, variables and flags, because it keeps their origins."""
        return (init_settings,)

"""All tables, as the newest migration leaves them; a test compares the two."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)

events = Table(
    "events",
    metadata,
    Column("event_id", String(64), primary_key=True),
    Column("camera_id", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("started_unix_s", Float(53), nullable=False),
    Column("ended_unix_s", Float(53)),
    Column("label", String(80), nullable=False),
    Column("track_id", Integer),
    Column("score", Float(53), nullable=False),
    Column("box", JSON(none_as_null=True)),
    Column("place", String(80), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("snapshot_bytes", Integer, nullable=False),
    # The order of lists, for all cameras and for one; the id makes it total, which cursors need.
    Index(None, "started_unix_s", "event_id"),
    Index(None, "camera_id", "started_unix_s", "event_id"),
)

# Apart from the events: lists would otherwise read over the pictures.
event_snapshots = Table(
    "event_snapshots",
    metadata,
    Column("event_id", ForeignKey("events.event_id", ondelete="CASCADE"), primary_key=True),
    Column("jpeg", LargeBinary, nullable=False),
)

cameras = Table(
    "cameras",
    metadata,
    Column("camera_id", String(64), primary_key=True),
    # The order of lists: that in which cameras were made.
    Column("position", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("auto_start", Boolean, nullable=False),
    # A new random word with each write: whoever changes a row names the one that he has seen.
    Column("version", String(32), nullable=False),
    Column("changed_unix_s", Float(53), nullable=False),
    Column("spec", JSON, nullable=False),
    Index(None, "position"),
    Index(None, "active", "auto_start"),
)

camera_groups = Table(
    "camera_groups",
    metadata,
    Column("camera_id", ForeignKey("cameras.camera_id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Index(None, "name"),
)

# Cameras of the settings as they were when they were taken over: they come again only when they changed there.
camera_imports = Table(
    "camera_imports",
    metadata,
    Column("camera_id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("name", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_unix_s", Float(53), nullable=False),
    Column("started_unix_s", Float(53)),
    Column("ended_unix_s", Float(53)),
    Column("spec", JSON, nullable=False),
    Column("output_dir", String(4096), nullable=False),
    Column("problem", JSON(none_as_null=True)),
    # Sums over the files, so that lists of jobs need not read them.
    Column("totals", JSON, nullable=False),
    Index(None, "created_unix_s", "job_id"),
    Index(None, "state", "created_unix_s", "job_id"),
)

job_items = Table(
    "job_items",
    metadata,
    Column("job_id", ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", Integer, primary_key=True, autoincrement=False),
    Column("source", String(4096), nullable=False),
    Column("path", String(4096), nullable=False),
    # Where the result is to go, and where it is or is just being put; a crash between the two is told by the hash.
    Column("planned", String(4096), nullable=False),
    Column("output", String(4096), nullable=False),
    Column("output_sha256", String(64), nullable=False),
    Column("staged", String(4096), nullable=False),
    Column("state", String(16), nullable=False),
    Column("frames", Integer, nullable=False),
    Column("frames_copied", Integer, nullable=False),
    Column("faces", Integer, nullable=False),
    Column("bytes_in", Integer, nullable=False),
    Column("bytes_out", Integer, nullable=False),
    Column("problems", JSON, nullable=False),
    Index(None, "job_id", "state", "item_id"),
)

# One row per chunk that is finished or was tried in vain.
job_tasks = Table(
    "job_tasks",
    metadata,
    Column("job_id", String(32), primary_key=True),
    Column("item_id", Integer, primary_key=True, autoincrement=False),
    Column("stage", String(16), primary_key=True),
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("file", String(4096), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("result", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["job_id", "item_id"], ["job_items.job_id", "job_items.item_id"], name="fk_job_tasks_item", ondelete="CASCADE"
    ),
)

users = Table(
    "users",
    metadata,
    Column("user_id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    # The name as it is compared: without regard to capital letters and ways of writing.
    Column("name_key", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    # Lists of camera ids and groups; both null for all cameras.
    Column("cameras", JSON(none_as_null=True)),
    Column("groups", JSON(none_as_null=True)),
    Column("password_hash", String(400), nullable=False),
    # Sealed by the vault. The last step that was used can't be used again.
    Column("totp_secret", LargeBinary),
    Column("totp_last_step", Integer, nullable=False),
    Column("recovery_hashes", JSON, nullable=False),
    # Of OpenID Connect: issuer and subject.
    Column("subject", String(400)),
    Column("disabled", Boolean, nullable=False),
    Column("created_unix_s", Float(53), nullable=False),
    Column("password_unix_s", Float(53), nullable=False),
    Column("last_login_unix_s", Float(53)),
    Index(None, "name_key", unique=True),
    Index(None, "subject", unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    # SHA-256 of what the browser holds: who reads the database can't come in with it.
    Column("token_hash", String(64), nullable=False),
    Column("created_unix_s", Float(53), nullable=False),
    Column("seen_unix_s", Float(53), nullable=False),
    Column("expires_unix_s", Float(53), nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(300), nullable=False),
    Index(None, "token_hash", unique=True),
    Index(None, "user_id"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("cameras", JSON(none_as_null=True)),
    Column("groups", JSON(none_as_null=True)),
    Column("created_unix_s", Float(53), nullable=False),
    Column("expires_unix_s", Float(53)),
    Column("used_unix_s", Float(53)),
    Column("used_address", String(64), nullable=False),
    # By incident mode, or by hand.
    Column("paused", Boolean, nullable=False),
    Index(None, "token_hash", unique=True),
    Index(None, "user_id"),
)

# `entry` is the canonical JSON over which `hash` goes; the other columns repeat of it what lists are filtered by.
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("unix_s", Float(53), nullable=False),
    Column("action", String(64), nullable=False),
    Column("result", String(16), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("object", String(200), nullable=False),
    Column("entry", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "unix_s"),
    Index(None, "actor", "seq"),
    Index(None, "object", "seq"),
)

# What the instance's key vouches for: `point` that the chain passes here, `cut` also that all before was pruned.
audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
    Column("unix_s", Float(53), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

# Each is sealed by the key of the key file; all secrets are sealed by the newest of these.
data_keys = Table(
    "data_keys",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("wrapped_by", String(64), nullable=False),
    Column("created_unix_s", Float(53), nullable=False),
    # Since then nothing is sealed by it; it is removed a while later, when nothing is left that needs it.
    Column("retired_unix_s", Float(53)),
)

# Set-up token, lock-outs, blocked addresses, incident mode.
security_facts = Table(
    "security_facts",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", JSON, nullable=False),
)

# Figures of one series and hour: `points` is a packed array of its minutes (storage/figures.py).
metric_series = Table(
    "metric_series",
    metadata,
    Column("series_id", Integer, primary_key=True),
    Column("metric", String(120), nullable=False),
    # JSON list of label values, in the metric's order.
    Column("labels", String(400), nullable=False),
    Index(None, "metric", "labels", unique=True),
)

metric_hours = Table(
    "metric_hours",
    metadata,
    Column("series_id", ForeignKey("metric_series.series_id", ondelete="CASCADE"), primary_key=True),
    # Hours since 1970.
    Column("hour", Integer, primary_key=True),
    Column("points", LargeBinary, nullable=False),
    Index(None, "hour"),
)

check_changes = Table(
    "check_changes",
    metadata,
    Column("change_id", Integer, primary_key=True),
    Column("check_id", String(400), nullable=False),
    Column("at_unix_s", Float(53), nullable=False),
    Column("before", String(16), nullable=False),
    Column("now", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("detail", JSON, nullable=False),
    Index(None, "check_id", "at_unix_s"),
    Index(None, "at_unix_s"),
)

# Rules that were made or changed in the console; a built-in rule that was changed stands here under its own id.
alert_rules = Table(
    "alert_rules",
    metadata,
    Column("rule_id", String(64), primary_key=True),
    Column("spec", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_unix_s", Float(53), nullable=False),
    Column("changed_by", String(80), nullable=False),
)

# `spec` holds the sealed address.
alert_channels = Table(
    "alert_channels",
    metadata,
    Column("channel_id", String(64), primary_key=True),
    Column("spec", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_unix_s", Float(53), nullable=False),
)

# Alerts that are pending or fire, and what evaluation has to know of them after a restart.
alerts = Table(
    "alerts",
    metadata,
    Column("rule_id", String(64), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("facts", JSON, nullable=False),
)

alert_changes = Table(
    "alert_changes",
    metadata,
    Column("change_id", Integer, primary_key=True),
    Column("rule_id", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("camera_id", String(64), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("at_unix_s", Float(53), nullable=False),
    Column("before", String(16), nullable=False),
    Column("now", String(16), nullable=False),
    Column("facts", JSON, nullable=False),
    Index(None, "at_unix_s", "change_id"),
    Index(None, "rule_id", "subject", "at_unix_s"),
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", String(32), primary_key=True),
    Column("matchers", JSON, nullable=False),
    Column("author", String(80), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("begins_unix_s", Float(53), nullable=False),
    Column("ends_unix_s", Float(53), nullable=False),
)

# What is to be sent. A row is made in the transaction that changes the alert; `sending` before it leaves, `sent` after:
# what stands as `sending` after a crash is sent again, as possibly repeated.
notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", Integer, primary_key=True),
    Column("channel_id", String(64), nullable=False),
    Column("group_key", String(400), nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_unix_s", Float(53), nullable=False),
    Column("due_unix_s", Float(53), nullable=False),
    Column("ended_unix_s", Float(53)),
    Column("attempts", Integer, nullable=False),
    Column("maybe_repeated", Boolean, nullable=False),
    Column("code", String(64), nullable=False),
    Column("detail", String(400), nullable=False),
    Column("facts", JSON, nullable=False),
    Index(None, "state", "due_unix_s"),
    Index(None, "made_unix_s"),
    Index(None, "channel_id", "group_key"),
)

recovery_runs = Table(
    "recovery_runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("rule_id", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("target", String(200), nullable=False),
    Column("action", String(32), nullable=False),
    Column("active_unix_s", Float(53)),
    Column("started_unix_s", Float(53), nullable=False),
    Column("ended_unix_s", Float(53)),
    Column("outcome", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("code", String(64), nullable=False),
    Column("detail", String(400), nullable=False),
    Index(None, "started_unix_s"),
    Index(None, "target", "started_unix_s"),
)

"""Figures, changes of health checks, alert rules, alerts, silences, notifications and recovery."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "metric_series",
        sa.Column("series_id", sa.Integer, nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("labels", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("series_id", name="pk_metric_series"),
    )
    op.create_index("ix_metric_series_metric_labels", "metric_series", ["metric", "labels"], unique=True)
    op.create_table(
        "metric_hours",
        sa.Column("series_id", sa.Integer, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("points", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["metric_series.series_id"],
            name="fk_metric_hours_series_id_metric_series",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("series_id", "hour", name="pk_metric_hours"),
    )
    op.create_index("ix_metric_hours_hour", "metric_hours", ["hour"])
    op.create_table(
        "check_changes",
        sa.Column("change_id", sa.Integer, nullable=False),
        sa.Column("check_id", sa.String(400), nullable=False),
        sa.Column("at_unix_s", sa.Float(53), nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("now", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("change_id", name="pk_check_changes"),
    )
    op.create_index("ix_check_changes_check_id_at_unix_s", "check_changes", ["check_id", "at_unix_s"])
    op.create_index("ix_check_changes_at_unix_s", "check_changes", ["at_unix_s"])
    op.create_table(
        "alert_rules",
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_unix_s", sa.Float(53), nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", name="pk_alert_rules"),
    )
    op.create_table(
        "alert_channels",
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_unix_s", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_alert_channels"),
    )
    op.create_table(
        "alerts",
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "subject", name="pk_alerts"),
    )
    op.create_table(
        "alert_changes",
        sa.Column("change_id", sa.Integer, nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("at_unix_s", sa.Float(53), nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("now", sa.String(16), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("change_id", name="pk_alert_changes"),
    )
    op.create_index("ix_alert_changes_at_unix_s_change_id", "alert_changes", ["at_unix_s", "change_id"])
    op.create_index("ix_alert_changes_rule_id_subject_at_unix_s", "alert_changes", ["rule_id", "subject", "at_unix_s"])
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.String(32), nullable=False),
        sa.Column("matchers", sa.JSON, nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("begins_unix_s", sa.Float(53), nullable=False),
        sa.Column("ends_unix_s", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("silence_id", name="pk_silences"),
    )
    op.create_table(
        "notifications",
        sa.Column("notification_id", sa.Integer, nullable=False),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("group_key", sa.String(400), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_unix_s", sa.Float(53), nullable=False),
        sa.Column("due_unix_s", sa.Float(53), nullable=False),
        sa.Column("ended_unix_s", sa.Float(53)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("maybe_repeated", sa.Boolean, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("detail", sa.String(400), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("notification_id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_state_due_unix_s", "notifications", ["state", "due_unix_s"])
    op.create_index("ix_notifications_made_unix_s", "notifications", ["made_unix_s"])
    op.create_index("ix_notifications_channel_id_group_key", "notifications", ["channel_id", "group_key"])
    op.create_table(
        "recovery_runs",
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("active_unix_s", sa.Float(53)),
        sa.Column("started_unix_s", sa.Float(53), nullable=False),
        sa.Column("ended_unix_s", sa.Float(53)),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("detail", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_recovery_runs"),
    )
    op.create_index("ix_recovery_runs_started_unix_s", "recovery_runs", ["started_unix_s"])
    op.create_index("ix_recovery_runs_target_started_unix_s", "recovery_runs", ["target", "started_unix_s"])


def downgrade() -> None:
    """Take the tables away."""
    for table in (
        "recovery_runs",
        "notifications",
        "silences",
        "alert_changes",
        "alerts",
        "alert_channels",
        "alert_rules",
        "check_changes",
        "metric_hours",
        "metric_series",
    ):
        op.drop_table(table)

"""Events and their snapshots."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "events",
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("started_unix_s", sa.Float(53), nullable=False),
        sa.Column("ended_unix_s", sa.Float(53)),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("track_id", sa.Integer),
        sa.Column("score", sa.Float(53), nullable=False),
        sa.Column("box", sa.JSON(none_as_null=True)),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("snapshot_bytes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_events"),
    )
    op.create_index("ix_events_started_unix_s_event_id", "events", ["started_unix_s", "event_id"])
    op.create_index(
        "ix_events_camera_id_started_unix_s_event_id", "events", ["camera_id", "started_unix_s", "event_id"]
    )
    op.create_table(
        "event_snapshots",
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("jpeg", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_event_snapshots"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.event_id"], name="fk_event_snapshots_event_id_events", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("event_snapshots")
    op.drop_table("events")

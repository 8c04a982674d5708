"""Batch jobs, their files, and the chunks of these that are finished."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("created_unix_s", sa.Float(53), nullable=False),
        sa.Column("started_unix_s", sa.Float(53)),
        sa.Column("ended_unix_s", sa.Float(53)),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("output_dir", sa.String(4096), nullable=False),
        sa.Column("problem", sa.JSON),
        sa.Column("totals", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created_unix_s_job_id", "jobs", ["created_unix_s", "job_id"])
    op.create_index("ix_jobs_state_created_unix_s_job_id", "jobs", ["state", "created_unix_s", "job_id"])
    op.create_table(
        "job_items",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.Integer, nullable=False),
        sa.Column("source", sa.String(4096), nullable=False),
        sa.Column("path", sa.String(4096), nullable=False),
        sa.Column("planned", sa.String(4096), nullable=False),
        sa.Column("output", sa.String(4096), nullable=False),
        sa.Column("output_sha256", sa.String(64), nullable=False),
        sa.Column("staged", sa.String(4096), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("frames_copied", sa.Integer, nullable=False),
        sa.Column("faces", sa.Integer, nullable=False),
        sa.Column("bytes_in", sa.Integer, nullable=False),
        sa.Column("bytes_out", sa.Integer, nullable=False),
        sa.Column("problems", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "item_id", name="pk_job_items"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name="fk_job_items_job_id_jobs", ondelete="CASCADE"),
    )
    op.create_index("ix_job_items_job_id_state_item_id", "job_items", ["job_id", "state", "item_id"])
    op.create_table(
        "job_tasks",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("span", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("file", sa.String(4096), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("result", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "item_id", "stage", "span", name="pk_job_tasks"),
        sa.ForeignKeyConstraint(
            ["job_id", "item_id"],
            ["job_items.job_id", "job_items.item_id"],
            name="fk_job_tasks_item",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("job_tasks")
    op.drop_table("job_items")
    op.drop_table("jobs")

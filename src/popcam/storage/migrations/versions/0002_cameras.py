"""Cameras, their groups, and which cameras of the settings were taken over."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cameras",
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("auto_start", sa.Boolean, nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("changed_unix_s", sa.Float(53), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("camera_id", name="pk_cameras"),
    )
    op.create_index("ix_cameras_position", "cameras", ["position"])
    op.create_index("ix_cameras_active_auto_start", "cameras", ["active", "auto_start"])
    op.create_table(
        "camera_groups",
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "name", name="pk_camera_groups"),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["cameras.camera_id"], name="fk_camera_groups_camera_id_cameras", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_camera_groups_name", "camera_groups", ["name"])
    op.create_table(
        "camera_imports",
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", name="pk_camera_imports"),
    )


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("camera_imports")
    op.drop_table("camera_groups")
    op.drop_table("cameras")

"""Clips that several tests look at, made once."""

import math
from pathlib import Path

import pytest
from tests.fakes.batch_tasks import BatchJob
from tests.fakes.face_clips import Actor, Clip, make_face_clip, straight


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Two faces that move, one of which comes after a second and is hidden for a while; six groups of pictures."""
    actors = (
        Actor(straight(120, 140, 70, vx=60)),
        Actor(lambda at_s: (520 - 70 * at_s, 230 + 30 * math.sin(3 * at_s), 60), from_s=1.02, hidden=((2.2, 2.7),)),
    )
    return make_face_clip(tmp_path_factory.mktemp("clips") / "walk.mp4", actors, frames=100, gop=17)


@pytest.fixture(scope="session")
def walk_job(walk: Clip, tmp_path_factory: pytest.TempPathFactory) -> BatchJob:
    """The clip with its faces hidden."""
    job = BatchJob(walk.path, tmp_path_factory.mktemp("walk"), span_frames=34)
    job.run()
    return job


@pytest.fixture
def empty_room(tmp_path: Path) -> Clip:
    """Nobody for two seconds, then somebody for one; a group of pictures per second."""
    actors = (Actor(straight(320, 180, 80), from_s=2.0),)
    return make_face_clip(tmp_path / "room.mp4", actors, frames=75, gop=25)

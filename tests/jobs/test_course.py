"""The way of one video through its chunks."""

import random

from popcam.core.batch import (
    FileRef,
    Followed,
    Found,
    Inspected,
    Joined,
    MediaFacts,
    Span,
    TaskResult,
    Written,
)
from popcam.core.jobs import JobKind, Problem
from popcam.jobs.course import Course, Step

FILE = FileRef(path="x", sha256="", bytes=0)
LOST = Problem(code="job.worker_lost")


def facts(spans: int) -> MediaFacts:
    return MediaFacts(
        kind="video",
        container="mp4",
        codec="h264",
        width_px=1,
        height_px=1,
        frames=spans * 10,
        spans=tuple(
            Span(index=one, start_pts=one, end_pts=one + 1, first_frame=one * 10, frames=10) for one in range(spans)
        ),
    )


def answer(step: Step, spans: int) -> TaskResult:
    match step.stage:
        case "inspect":
            return Inspected(facts=facts(spans))
        case "find":
            file = FileRef(path=f"find {step.span}", sha256="", bytes=0)
            return Found(file=file, frames_decoded=10, frames_looked_at=3)
        case "follow":
            return Followed(file=FILE, faces=1, untouched=())
        case "write":
            return Written(file=FILE, frames=10, frames_copied=5, encoder="x")
        case _:
            return Joined(file=FILE, frames=spans * 10, duration_s=1.0)


def go(course: Course, spans: int, until: str = "") -> list[Step]:
    done = []
    while (step := next(course.ready(), None)) is not None and step.stage != until:
        course.running[step] = 0
        course.take(step, answer(step, spans))
        done.append(step)
    return done


def test_each_kind_has_its_stages_in_order() -> None:
    def way(kind: JobKind) -> list[str]:
        course = Course(kind)
        steps = go(course, 2)
        assert course.complete
        assert course.fraction() == 1.0
        return [step.stage for step in steps]

    assert way("hide_faces") == ["inspect", "find", "find", "follow", "write", "write", "join"]
    assert way("find_faces") == way("index") == ["inspect", "find", "find", "follow"]
    assert way("transcode") == ["inspect", "write", "write", "join"]


def test_steps_under_way_are_not_given_twice_and_stages_wait_for_each_other() -> None:
    course = Course("hide_faces")
    go(course, 3, until="find")
    steps = list(course.ready())
    assert steps == [Step("find", 0), Step("find", 1), Step("find", 2)]
    for step in steps:
        course.running[step] = 0
    assert list(course.ready()) == []
    course.take(steps[0], answer(steps[0], 3))
    assert list(course.ready()) == []


def test_any_order_leads_to_the_same_end_and_the_fraction_never_falls() -> None:
    for seed in range(5):
        choose, course, before = random.Random(seed), Course("hide_faces"), 0.0
        while ready := list(course.ready()):
            step = choose.choice(ready)
            course.running[step] = choose.randrange(11)
            assert course.fraction() >= before
            course.take(step, answer(step, 4))
            assert course.fraction() >= before
            before = course.fraction()
        assert course.complete
        assert course.findings() == tuple(f"find {one}" for one in range(4))


def test_a_span_that_nobody_could_look_at_is_told_to_follow() -> None:
    course = Course("hide_faces")
    go(course, 3, until="find")
    course.take(Step("find", 0), answer(Step("find", 0), 3))
    course.lose(Step("find", 1), LOST)
    course.take(Step("find", 2), answer(Step("find", 2), 3))
    assert next(course.ready()) == Step("follow")
    assert course.findings() == ("find 0", "", "find 2")
    go(course, 3)
    assert course.all_problems() == (LOST,)


def test_a_span_that_could_not_be_written_is_left_out_of_the_join() -> None:
    course = Course("transcode")
    go(course, 3, until="write")
    course.take(Step("write", 0), answer(Step("write", 0), 3))
    course.lose(Step("write", 1), LOST)
    course.take(Step("write", 2), answer(Step("write", 2), 3))
    joinable, chunks = course.joinable()
    assert ([span.index for span in joinable.spans], joinable.frames, len(chunks)) == ([0, 2], 20, 2)


def test_only_files_on_which_something_depends_have_to_be_there() -> None:
    course = Course("hide_faces")
    go(course, 2, until="follow")
    assert [step for step, _ in course.files()] == [Step("find", 0), Step("find", 1)]
    go(course, 2, until="join")
    assert [step for step, _ in course.files()] == [Step("write", 0), Step("write", 1), Step("follow")]
    course.forget(Step("write", 1))
    assert list(course.ready()) == [Step("write", 1)]
    go(course, 2)
    assert [step for step, _ in course.files()] == [Step("join")]
    course.forget(Step("join"))
    assert list(course.ready()) == [Step("join")]

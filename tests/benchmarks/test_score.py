"""Scoring: what counts as found, wrong and hidden."""

import math

import numpy as np
import pytest
from benchmarks.lib.score import PixelScores, Scores, overlaps, psnr_db, score_all, score_frame

FACE = np.array([[0.1, 0.1, 0.3, 0.5]], np.float32)
NOTHING = np.zeros((0, 4), np.float32)
ASKED, NOT_ASKED = np.array([True]), np.array([False])


def test_a_box_half_of_which_is_shared_overlaps_by_a_third() -> None:
    right = FACE + np.array([0.1, 0, 0.1, 0], np.float32)
    assert overlaps(FACE, right)[0, 0] == pytest.approx(1 / 3, abs=1e-5)


def test_boxes_apart_do_not_overlap() -> None:
    assert overlaps(FACE, FACE + 0.5)[0, 0] == 0


def test_a_face_is_found_once_and_a_second_box_on_it_is_wrong() -> None:
    assert score_frame(np.concatenate([FACE, FACE]), FACE, ASKED) == Scores(asked=1, matched=1, found=2, wrong=1)


def test_a_missed_face_costs_recall_alone() -> None:
    scores = score_frame(NOTHING, FACE, ASKED)
    assert scores.recall == 0
    assert math.isnan(scores.precision)


def test_a_box_on_a_face_that_is_not_asked_for_counts_neither_way() -> None:
    assert score_frame(FACE, FACE, NOT_ASKED) == Scores(asked=0, matched=0, found=1, wrong=0)


def test_a_box_within_a_face_that_is_not_asked_for_is_forgiven() -> None:
    upper_half = np.array([[0.1, 0.1, 0.3, 0.25]], np.float32)
    assert score_frame(upper_half, FACE, NOT_ASKED).wrong == 0


def test_a_face_that_is_not_asked_for_takes_no_box_from_one_that_is() -> None:
    # The box lies a little better on the first, which is behind the second.
    behind = FACE + np.array([0.01, 0, 0.01, 0], np.float32)
    scores = score_frame(behind, np.concatenate([behind, FACE]), np.array([False, True]))
    assert (scores.asked, scores.matched, scores.wrong) == (1, 1, 0)


def test_sums_over_frames_give_recall_and_precision() -> None:
    far = FACE + 0.4
    total = score_all([FACE, far], [FACE, FACE], [ASKED, ASKED])
    assert (total.recall, total.precision) == (0.5, 0.5)


def test_results_of_fewer_frames_than_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        score_all([FACE], [FACE, FACE], [ASKED, ASKED])


def test_psnr_of_an_error_of_one_grey_level() -> None:
    assert psnr_db(1.0) == pytest.approx(48.13, abs=0.01)


def test_equal_pictures_have_no_noise() -> None:
    assert psnr_db(0.0) == math.inf


def test_a_blackened_face_is_hidden_and_the_rest_is_untouched() -> None:
    before = np.full((200, 200), 120, np.uint8)
    after = before.copy()
    after[20:100, 20:60] = 16
    scores = PixelScores()
    scores.add(before, after, FACE, ASKED, FACE)
    assert (scores.faces, scores.hidden, scores.outside_db) == (1, 1, math.inf)


def test_what_an_encoder_does_to_a_face_hides_nothing() -> None:
    before = np.random.default_rng(1).integers(40, 200, (200, 200), dtype=np.uint8)
    scores = PixelScores()
    scores.add(before, before + 2, FACE, ASKED, FACE)
    assert scores.hidden_share == 0
    assert scores.outside_db == pytest.approx(psnr_db(4.0))


def test_what_a_program_covered_by_mistake_is_not_held_against_its_encoder() -> None:
    before = np.full((200, 200), 120, np.uint8)
    after = before.copy()
    after[160:180, 160:180] = 16
    mistake = np.array([[0.8, 0.8, 0.9, 0.9]], np.float32)
    scores = PixelScores()
    scores.add(before, after, FACE, ASKED, mistake)
    assert scores.outside_db == math.inf

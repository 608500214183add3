from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.models.stories import STANDING_HALF_LIFE
from aggregator.stories.lead import lead
from aggregator.stories.rank import rank, rank_terms

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def standing(*, n_origins=3, n_publishers=3, at=NOON, scores=(0.9, 0.9, 0.9)):
    terms = rank_terms(n_origins=n_origins, n_publishers=n_publishers, scores=scores, published_at=[at] * len(scores))
    return rank(terms, last_at=at), terms


def test_a_rank_is_the_product_of_what_the_page_shows():
    value, terms = standing()
    twice, _ = standing(at=NOON + STANDING_HALF_LIFE)
    assert twice == pytest.approx(value + 1), "half a life later counts twice"
    assert 2 ** (value - standing(n_origins=1)[0]) == pytest.approx(terms["origins"])


def test_more_origins_newer_and_closer_each_stand_higher():
    value, _ = standing()
    assert standing(n_origins=4)[0] > value
    assert standing(at=NOON + timedelta(minutes=30))[0] > value
    assert standing(scores=(0.99, 0.99, 0.99))[0] > value


def test_copies_do_not_lift_a_story():
    assert standing(n_origins=1)[0] < standing(n_origins=3)[0] - 1, "less than half as high"


def test_the_order_of_stories_does_not_change_while_nothing_happens():
    big_and_old, _ = standing(n_origins=12, at=NOON - timedelta(hours=9))
    assert standing(n_origins=2)[0] < big_and_old < standing(n_origins=5)[0]


def test_articles_that_came_with_the_latest_speak_for_a_story_on_the_move():
    def velocity(*hours):
        at = [NOON - timedelta(hours=each) for each in hours]
        return rank_terms(n_origins=1, n_publishers=1, scores=[1.0], published_at=at)["velocity"]

    assert velocity(0, 1, 2) == 2
    assert velocity(0, 30, 40, 50) == 1.25


def test_no_score_at_all_still_leaves_a_rank():
    assert np.isfinite(standing(scores=(0.0, 0.0))[0])


def test_the_article_nearest_to_all_others_leads():
    scores = np.array([[0, 0.5, 0.1], [0.5, 0, 0.6], [0.1, 0.6, 0]], dtype=np.float32)
    assert lead(scores, [True] * 3) == 1


def test_one_without_text_leads_only_where_nothing_else_can():
    scores = np.array([[0, 0.5, 0.4], [0.5, 0, 0.6], [0.4, 0.6, 0]], dtype=np.float32)
    assert lead(scores, [True, False, True]) == 2
    assert lead(scores, [False] * 3) == 1


def test_a_lead_stays_until_another_is_clearly_better():
    near = np.array([[0, 0.6, 0.5], [0.6, 0, 0.6], [0.5, 0.6, 0]], dtype=np.float32)
    far = np.array([[0, 0.6, 0.1], [0.6, 0, 0.6], [0.1, 0.6, 0]], dtype=np.float32)
    assert lead(near, [True] * 3, present=0) == 0
    assert lead(far, [True] * 3, present=0) == 1


def test_a_story_of_one_is_led_by_it():
    assert lead(np.zeros((1, 1), dtype=np.float32), [False]) == 0

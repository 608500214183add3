from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.stories.lead import lead
from aggregator.stories.rank import rank, rank_terms

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def standing(*, n_origins=3, n_publishers=3, hours=1.0, scores=(0.9, 0.9, 0.9)):
    at = [NOON - timedelta(hours=hours)] * len(scores)
    terms = rank_terms(n_origins=n_origins, n_publishers=n_publishers, scores=scores, published_at=at, now=NOON)
    return rank(terms), terms


def test_a_rank_is_the_product_of_what_the_page_shows():
    value, terms = standing()
    assert value == pytest.approx(np.prod(list(terms.values())))


def test_more_origins_newer_and_closer_each_stand_higher():
    value, _ = standing()
    assert standing(n_origins=4)[0] > value
    assert standing(hours=0.1)[0] > value
    assert standing(scores=(0.99, 0.99, 0.99))[0] > value


def test_copies_do_not_lift_a_story():
    assert standing(n_origins=1)[0] < standing(n_origins=3)[0] / 2


def test_a_story_from_the_future_is_as_fresh_as_can_be():
    assert standing(hours=-50)[1]["freshness"] == 1


def test_no_score_at_all_still_leaves_a_rank():
    assert standing(scores=(0.0, 0.0))[0] > 0


def test_the_article_nearest_to_all_others_leads():
    scores = np.array([[1, 0.5, 0.1], [0.5, 1, 0.6], [0.1, 0.6, 1]], dtype=np.float32)
    assert lead(scores, [True] * 3) == 1


def test_one_without_text_leads_only_where_nothing_else_can():
    scores = np.array([[1, 0.5, 0.4], [0.5, 1, 0.6], [0.4, 0.6, 1]], dtype=np.float32)
    assert lead(scores, [True, False, True]) == 2
    assert lead(scores, [False] * 3) == 1


def test_a_lead_stays_until_another_is_clearly_better():
    near = np.array([[1, 0.6, 0.5], [0.6, 1, 0.6], [0.5, 0.6, 1]], dtype=np.float32)
    far = np.array([[1, 0.6, 0.1], [0.6, 1, 0.6], [0.1, 0.6, 1]], dtype=np.float32)
    assert lead(near, [True] * 3, present=0) == 0
    assert lead(far, [True] * 3, present=0) == 1


def test_a_story_of_one_is_led_by_it():
    assert lead(np.ones((1, 1), dtype=np.float32), [False]) == 0

"""Words and their weights, as a window grows."""

from aggregator.stories.vocabulary import grown, measured, stacked, weigh

EARLY = [("quake", "athens"), ("vote", "madrid", "vote")]
LATE = [("quake", "rome")]


def test_rows_that_come_stand_under_those_that_are_there() -> None:
    """They may hold words that nobody said before."""
    known = measured(EARLY)
    above = weigh(known, EARLY)
    wider = grown(known, LATE)
    both = stacked(above, weigh(wider, LATE))
    assert (both.toarray() == weigh(wider, EARLY + LATE).toarray()).all()


def test_what_stood_above_goes_on_as_it_was() -> None:
    """However often something is put under it."""
    known = measured(EARLY)
    above = weigh(known, EARLY)
    before = above.toarray()
    for _ in range(2):
        both = stacked(above, weigh(known, EARLY[:1]))
        assert both.shape == (3, len(known.columns))
        assert (above.toarray() == before).all()
        assert (both[2].toarray() == before[0]).all()

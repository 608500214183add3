from aggregator.fetch.turns import Turns


def turns(*items: str, at_once: int = 2, gap_s: float = 1.0) -> Turns[str]:
    """Items called "host name", waiting in this order."""
    found: Turns[str] = Turns(at_once=at_once, gap_s=gap_s)
    for item in items:
        found.add(item.split()[0], item)
    return found


def taken(of: Turns[str], now_s: float) -> list[str]:
    return list(iter(lambda: of.take(now_s), None))


def test_hosts_take_turns_in_the_order_they_came() -> None:
    assert taken(turns("a 1", "a 2", "b 1"), 0.0) == ["a 1", "b 1"]


def test_the_next_of_a_host_starts_a_gap_later() -> None:
    waiting = turns("a 1", "a 2")
    assert taken(waiting, 0.0) == ["a 1"]
    assert waiting.wait_s(0.25) == 0.75
    assert taken(waiting, 0.99) == []
    assert taken(waiting, 1.0) == ["a 2"]


def test_no_more_than_so_many_of_a_host_are_under_way() -> None:
    waiting = turns("a 1", "a 2", "a 3", "b 1", at_once=2, gap_s=0.0)
    assert taken(waiting, 0.0) == ["a 1", "b 1", "a 2"]
    assert waiting.wait_s(0.0) is None
    waiting.leave("a")
    assert taken(waiting, 0.0) == ["a 3"]


def test_one_that_leaves_late_still_leaves_the_gap_behind() -> None:
    waiting = turns("a 1", "a 2", at_once=1)
    waiting.take(0.0)
    waiting.leave("a")
    assert taken(waiting, 0.5) == []
    assert taken(waiting, 1.0) == ["a 2"]


def test_a_redirect_goes_before_those_that_have_not_begun() -> None:
    waiting = turns("a 1", "a 2")
    waiting.add("a", "a redirected", goes_first=True)
    assert waiting.take(0.0) == "a redirected"
    assert len(waiting) == 2

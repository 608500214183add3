from aggregator.fetch.turns import MAX_HOSTS, Gaps, LookUps, Turns


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
    waiting.leave("a", 0.0)
    assert taken(waiting, 0.0) == ["a 3"]


def test_one_that_leaves_late_still_leaves_the_gap_behind() -> None:
    waiting = turns("a 1", "a 2", at_once=1)
    waiting.take(0.0)
    waiting.leave("a", 0.5)
    assert taken(waiting, 0.5) == []
    assert taken(waiting, 1.0) == ["a 2"]


def test_after_one_that_was_light_for_its_host_those_that_follow_may_start_at_once() -> None:
    waiting = turns("a 1", "a 2", "a 3", "a 4", at_once=2)
    assert taken(waiting, 0.0) == ["a 1"]
    waiting.leave("a", 0.1, was_light=True)
    assert waiting.wait_s(0.1) == 0.0
    assert taken(waiting, 0.1) == ["a 2", "a 3"]
    waiting.leave("a", 0.2, was_light=True)
    assert taken(waiting, 0.2) == ["a 4"]
    waiting.leave("a", 0.3, was_light=True)
    assert waiting.wait_s(0.3) is None


def test_after_one_that_was_not_light_the_next_keeps_its_distance_again() -> None:
    waiting = turns("a 1", "a 2", "a 3", at_once=1)
    assert taken(waiting, 0.0) == ["a 1"]
    waiting.leave("a", 0.1, was_light=True)
    assert taken(waiting, 0.1) == ["a 2"]
    waiting.leave("a", 0.2, was_light=False)
    assert taken(waiting, 1.1) == []
    assert taken(waiting, 1.2) == ["a 3"]


def test_light_ones_do_not_let_more_of_a_host_be_under_way_than_may() -> None:
    waiting = turns("a 1", "a 2", "a 3", "a 4", at_once=1)
    assert taken(waiting, 0.0) == ["a 1"]
    waiting.leave("a", 0.0, was_light=True)
    assert taken(waiting, 0.0) == ["a 2"]
    assert taken(waiting, 5.0) == []


def test_a_redirect_goes_before_those_that_have_not_begun() -> None:
    waiting = turns("a 1", "a 2")
    waiting.add("a", "a redirected", goes_first=True)
    assert waiting.take(0.0) == "a redirected"
    assert len(waiting) == 2


def test_what_others_asked_of_a_host_counts() -> None:
    gaps = Gaps()
    first, second = (Turns[str](at_once=2, gap_s=1.0, gaps=gaps) for _ in "12")
    for each, item in ((first, "first"), (second, "second"), (second, "third")):
        each.add("a", item)
    assert taken(first, 0.0) == ["first"]
    assert taken(second, 0.0) == []
    assert second.wait_s(0.25) == 0.75
    assert taken(second, 1.0) == ["second"]
    first.add("a", "fourth")
    assert taken(first, 1.5) == []
    assert taken(first, 2.0) == ["fourth"]
    assert taken(second, 2.0) == []


def test_hosts_that_may_be_asked_again_are_forgotten_when_there_are_many() -> None:
    gaps = Gaps()
    for n in range(2 * MAX_HOSTS):
        assert gaps.take(str(n), float(n), 1.5)
    assert gaps.free_at("0") == 0.0
    assert not gaps.take(str(2 * MAX_HOSTS - 1), 2.0 * MAX_HOSTS, 1.5)


def test_so_many_hosts_are_looked_up_at_once_and_each_but_once() -> None:
    look_ups = LookUps(2)
    for host in ("a", "a", "b"):
        assert look_ups.has_room
        look_ups.begin(host)
    assert not look_ups.has_room
    look_ups.find("a")
    look_ups.begin("a")
    assert look_ups.has_room
    look_ups.begin("c")
    assert not look_ups.has_room
    look_ups.end("c")  # which has no address
    assert look_ups.has_room

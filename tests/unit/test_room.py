from aggregator.fetch.room import Room


def test_more_is_read_until_the_room_is_full_and_again_when_somebody_left() -> None:
    room: Room[str] = Room(10)
    for each in ("a", "b", "c"):
        room.enter(each)
    room.hold("a", 4)
    room.hold("b", 5)
    assert room.is_open_to("c")
    room.hold("b", 6)
    assert not room.is_open_to("b")
    assert not room.is_open_to("c")
    room.leave("b")
    assert room.is_open_to("c")


def test_what_came_first_goes_on_even_when_the_room_is_full() -> None:
    room: Room[str] = Room(10)
    for each in ("a", "b", "c"):
        room.enter(each)
    room.hold("b", 50)
    assert room.is_open_to("a")
    room.leave("a")
    assert room.is_open_to("b")
    assert not room.is_open_to("c")

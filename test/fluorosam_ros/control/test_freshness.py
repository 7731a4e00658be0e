"""Late, repeated, future and foreign messages do not count."""

from fluorosam_ros.control.freshness import Newest, OneSender, Sender


def test_only_news_near_the_present_count():
    newest = Newest(0.5)
    assert newest.accept(100.0, 100.1)
    assert not newest.accept(100.0, 100.2), "repeated"
    assert not newest.accept(99.9, 100.2), "late"
    assert not newest.accept(100.1, 100.7), "too old"
    assert not newest.accept(103.0, 100.7), "from the future"
    assert newest.accept(100.7, 100.7)


def test_a_clock_that_stands_still_or_is_set_back():
    still = Newest(0.5, equal=True)
    assert still.accept(10.0, 10.0) and still.accept(10.0, 10.0) and not still.accept(9.9, 10.0)
    back = Newest(0.5)
    assert back.accept(1000.0, 1000.0)
    assert back.accept(5.0, 5.0), "simulated time began anew"


def test_whoever_was_heard_first_is_heard_alone_until_it_falls_silent():
    one = OneSender(0.5)
    assert one.judge(b"a", 0.0) is Sender.NEW
    assert one.judge(b"a", 0.3) is Sender.SAME
    assert one.judge(b"b", 0.6) is Sender.OTHER
    assert one.judge(b"b", 0.79) is Sender.OTHER, "hearing the other does not lengthen the first one's time"
    assert one.judge(b"b", 0.81) is Sender.NEW
    assert one.judge(b"a", 0.9) is Sender.OTHER

"""Failed attempts are slowed down."""

from datetime import datetime, timedelta

from service.gate.throttle import ATTEMPTS, Throttle


def test_ten_failures_are_answered_and_the_eleventh_must_wait(now: datetime) -> None:
    throttle = Throttle()
    assert [throttle.fail("192.0.2.1", now=now) for _ in range(ATTEMPTS)] == [0] * ATTEMPTS
    assert throttle.fail("192.0.2.1", now=now) == 6


def test_whoever_waits_as_long_as_told_may_try_once_more(now: datetime) -> None:
    throttle = Throttle()
    for _ in range(ATTEMPTS):
        throttle.fail("192.0.2.1", now=now)
    later = now + timedelta(seconds=throttle.fail("192.0.2.1", now=now))
    assert throttle.fail("192.0.2.1", now=later) == 0
    assert throttle.fail("192.0.2.1", now=later) > 0


def test_one_address_does_not_slow_down_another(now: datetime) -> None:
    throttle = Throttle()
    for _ in range(ATTEMPTS + 1):
        throttle.fail("192.0.2.1", now=now)
    assert throttle.fail("192.0.2.2", now=now) == 0


def test_a_network_of_ipv6_addresses_counts_as_one(now: datetime) -> None:
    throttle = Throttle()
    waits = [throttle.fail(f"2001:db8::{number:x}", now=now) for number in range(ATTEMPTS + 1)]
    assert waits[-1] > 0
    assert throttle.fail("2001:db8:1::1", now=now) == 0


def test_an_ipv4_address_is_the_same_however_it_is_written(now: datetime) -> None:
    throttle = Throttle()
    for _ in range(ATTEMPTS):
        throttle.fail("::ffff:192.0.2.1", now=now)
    assert throttle.fail("192.0.2.1", now=now) > 0


def test_memory_is_bounded_whoever_comes(now: datetime) -> None:
    throttle = Throttle(addresses=100)
    for number in range(1000):
        throttle.fail(f"198.51.{number // 250}.{number % 250}", now=now)
    assert len(throttle) == 100


def test_a_clock_that_is_set_back_frees_nobody(now: datetime) -> None:
    throttle = Throttle()
    for _ in range(ATTEMPTS):
        throttle.fail("192.0.2.1", now=now)
    assert throttle.fail("192.0.2.1", now=now - timedelta(hours=1)) > 0

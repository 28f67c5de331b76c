"""Many that are late by the same are counted as if each had been told by itself."""

import pytest

from service.gate.metrics import Metrics


@pytest.mark.parametrize("seconds", (0.0, 0.05, 0.051, 86_400.0, 1e9))
def test_the_same_lateness_many_times_is_that_many_observations(seconds: float) -> None:
    one, many = Metrics(), Metrics()
    for _ in range(3):
        one.lateness.observe(seconds)
    many.lateness.observe_many(seconds, 3)
    told = [
        {
            (sample.name, tuple(sample.labels.items())): sample.value
            for sample in next(iter(metrics.lateness.collect())).samples
            if not sample.name.endswith("_created")
        }
        for metrics in (one, many)
    ]
    assert told[0] == told[1]
    assert any(value == 3 for value in told[0].values())

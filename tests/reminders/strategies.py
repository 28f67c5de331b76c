"""Offsets and policies at random, for the property tests."""

from datetime import time

from hypothesis import strategies as st

from service.due.workdays import Roll
from service.reminders.rules.offsets import MOST_DAYS, MOST_WORKDAYS, Measure, Offset
from service.reminders.rules.policy import MOST_OFFSETS, Policy

offsets = st.builds(Offset, st.integers(-MOST_DAYS, MOST_DAYS)) | st.builds(
    Offset, st.integers(-MOST_WORKDAYS, MOST_WORKDAYS), st.just(Measure.WORKDAYS)
)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
policies = st.builds(
    Policy,
    st.lists(offsets, max_size=MOST_OFFSETS).map(tuple),
    times,
    st.sampled_from([Roll.PRECEDING, Roll.NONE]),
)

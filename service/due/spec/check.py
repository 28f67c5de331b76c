"""What a due specification lacks in the plan that it stands in."""

from itertools import islice

from service.due.faults import Fault
from service.due.series import LONGEST_RUN, run_of, steps
from service.due.values import DueSpec, Form, Frame, TermKind

MOST_DUE_DATES = 5_000  # a daily duty for thirteen years; more is a slip of the pen


def check(spec: DueSpec, frame: Frame) -> tuple[Fault, ...]:
    """Every fault that only the plan shows: a rule without an end, a term of a plan without a period.

    `parse` has found what is wrong with the specification itself. An empty answer means that `expand` will not raise.
    """
    if frame.start and frame.end and frame.end < frame.start:
        return (Fault((), f"The plan's period runs backwards: {frame.end} lies before {frame.start}."),)
    match spec.form:
        case Form.RECURRING:
            return _check_run(spec, frame)
        case Form.TERM if spec.within_term and spec.within_term.kind is TermKind.PLAN:
            if frame.start is None or frame.end is None:
                return (Fault(("within_term",), "The term is the plan's period, and the plan has none."),)
    return ()


def _check_run(spec: DueSpec, frame: Frame) -> tuple[Fault, ...]:
    run = run_of(spec, frame)
    if isinstance(run, Fault):
        return (run,)
    found = sum(1 for _ in islice(steps(run, spec, frame), MOST_DUE_DATES + 1))
    if found > MOST_DUE_DATES:
        return (Fault(("rrule",), f"The rule gives more than {MOST_DUE_DATES} due dates in the plan's period."),)
    bounded = frame.end or run.rule.until
    if not bounded and found < (run.rule.count or 0):
        return (
            Fault(("rrule",), f"The rule does not reach its COUNT of {run.rule.count} within {LONGEST_RUN} years."),
        )
    return ()

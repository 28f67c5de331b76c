"""How reminder policies are found."""

from collections.abc import Collection, Iterator, Sequence

from sqlmodel import col, select

from service.kit.database import Session
from service.reminders.models import ReminderPolicy
from service.reminders.rules.policy import OF_SERVICE, Policy, of_milestone, of_plan, parse

MOST_AT_ONCE = 10_000


async def get(session: Session, subject: str) -> ReminderPolicy | None:
    """The row of a subject, as it is now; its `policy` is None where it was taken away."""
    return await session.get(ReminderPolicy, subject, populate_existing=True)


async def get_locked(session: Session, subject: str) -> ReminderPolicy | None:
    """The same; nobody else can change it until this transaction ends."""
    return await session.get(ReminderPolicy, subject, populate_existing=True, with_for_update=True)


async def policies_of(
    session: Session, *, plans: Collection[str], milestones: Collection[str] = ()
) -> dict[str, Policy]:
    """Subject → policy, of the service, of these plans and of these milestones, where one is set."""
    return await policies_named(session, [OF_SERVICE, *map(of_plan, plans), *map(of_milestone, milestones)])


async def policies_named(session: Session, subjects: Sequence[str]) -> dict[str, Policy]:
    """Subject → policy, of these, where one is set."""
    found: dict[str, Policy] = {}
    for some in _batches(subjects):
        query = select(ReminderPolicy.subject, ReminderPolicy.policy).where(
            col(ReminderPolicy.subject).in_(some), col(ReminderPolicy.policy).is_not(None)
        )
        for subject, policy in await session.exec(query):
            found[subject] = parse(policy)
    return found


def _batches(subjects: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(subjects), MOST_AT_ONCE):
        yield subjects[start : start + MOST_AT_ONCE]

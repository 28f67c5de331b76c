"""Looking a plan over."""

import asyncio
from collections.abc import Sequence

from service.findings import rules, store
from service.holidays.actions import work_calendar
from service.kit.database import Session
from service.plans.models import Plan


async def find(session: Session, plan: Plan) -> Sequence[rules.Finding]:
    """Every finding on a plan, computed from what is stored now."""
    fact, calendar = await store.plan_fact(session, plan), await work_calendar(session)
    return await asyncio.to_thread(rules.find_all, fact, calendar)  # a large plan takes seconds

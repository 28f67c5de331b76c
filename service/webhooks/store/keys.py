"""How the service's signing keys are found."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from service.kit.database import Session
from service.webhooks.models import SigningKey


async def held_keys(session: Session, *, now: datetime) -> Sequence[SigningKey]:
    """The keys whose signatures are good now, or will be: the newest first."""
    holds = col(SigningKey.until_at).is_(None) | (col(SigningKey.until_at) > now)
    query = select(SigningKey).where(holds).order_by(col(SigningKey.from_at).desc(), col(SigningKey.public))
    return (await session.exec(query.execution_options(populate_existing=True))).all()

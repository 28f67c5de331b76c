"""A preview as a calendar."""

from collections.abc import Iterable
from typing import Literal

from service.feeds.render.calendar import Head
from service.feeds.render.moments import Moment, render_moments
from service.feeds.rules.facts import DOMAIN
from service.feeds.rules.subjects import Language
from service.feeds.rules.texts import FEED_COLOR
from service.kit.ids import derived_id
from service.preview.actions.foreseeing import Foreseen
from service.preview.rules.texts import description, offset_words, summary, words
from service.reminders.rules.planning import Cause, FiringStatus


def as_calendar(found: Iterable[Foreseen], *, lang: Language, public_url: str, zone: str) -> bytes:
    """The notices as entries, each at its instant: confirmed if it goes out, tentative in a draft, else cancelled."""
    told = words(lang)
    head = Head(name=told.name, description=told.about, url=public_url, color=FEED_COLOR, lang=lang, zone=zone)
    return render_moments(head, (_moment(one, lang=lang, public_url=public_url) for one in found))


def _moment(one: Foreseen, *, lang: Language, public_url: str) -> Moment:
    subject, expected = one.subject, one.expected
    url = f"{public_url}/occurrences/{subject.id}"
    named = [one.names.get(each.unit, each.unit) for each in one.standings]
    offset = expected.planned.offset
    return Moment(
        uid=f"{derived_id('pv', subject.id, str(offset), f'{subject.due_on}')}@{DOMAIN}",
        at=expected.planned.fire_at,
        stamp=subject.updated_at,
        summary=summary(subject, expected, lang),
        description=description(subject, expected, named, lang, url=url),
        url=url,
        category=offset_words(offset, lang),
        state=_state(one),
    )


def _state(one: Foreseen) -> Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]:
    end = one.expected.end
    if one.expected.goes_out or end.status is FiringStatus.FIRED:
        return "CONFIRMED"
    return "TENTATIVE" if end.cause is Cause.DRAFT else "CANCELLED"

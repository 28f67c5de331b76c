"""What newer standards say of an entry: its source (LINK, RFC 9253) and who takes part (PARTICIPANT, RFC 9073).

Only on request (`rich=on`): libical 3, which Evolution and KOrganizer read with, takes them for errors. The text says
all of it anyway.
"""

from collections.abc import Iterator

from icalendar import Component, vUri

from service.feeds.rules.facts import EntryFacts, made_uid
from service.feeds.rules.forms import Content, Form
from service.feeds.rules.texts import words


def add_rich(block: Component, *, uid: str, facts: EntryFacts, form: Form, url: str) -> None:
    """Add the source with its clause, and a participant for each name that the entry mentions."""
    if form.content is Content.FULL:
        clause = " ".join(part for part in (facts.plan_title, facts.ref) if part)
        label = {"LABEL": clause} if clause else {}
        block.add("link", vUri(url), parameters={"LINKREL": "SOURCE", "VALUE": "URI", **label})
    if form.content is not Content.TITLE:
        for participant in _participants(uid, facts, form):
            block.add_component(participant)


class _Participant(Component):
    name = "PARTICIPANT"


def _participants(uid: str, facts: EntryFacts, form: Form) -> Iterator[Component]:
    """PARTICIPANT (RFC 9073, 7.1): ACTIVE who has to act, INACTIVE who supports; the description names the role."""
    told = words(form.lang)
    for role in told.roles:
        for name in getattr(facts, role):
            if name.startswith("+"):  # how many more there are, no name
                continue
            one = _Participant()
            one.add("uid", made_uid("fp", uid, role, name))
            one.add("participant-type", "INACTIVE" if role == "support" else "ACTIVE")
            one.add("summary", name)
            one.add("description", told.roles[role])
            yield one

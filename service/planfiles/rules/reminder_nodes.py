"""Reminder policies inside a plan file: `service.reminders` says what they mean, this where they are wrong."""

from service.planfiles.rules.due_nodes import holds_broken, refuse_inside
from service.planfiles.rules.faults import Faults
from service.planfiles.rules.nodes import Mapping, Node, Scalar, Sequence
from service.reminders.rules.policy import InvalidPolicy, Policy, parse, parse_text


def read_reminders(node: Node, path: str, faults: Faults) -> Policy | None:
    """The policy in a node, written on one line or as the API's fields; None after its faults have been noted."""
    try:
        match node:
            case Scalar():
                return parse_text(node.text)
            case Mapping():
                return parse({key.text: _plain(value) for key, value in node.entries})
            case _:
                faults.add(node.where, path, "Write it on one line, as -7d -3wd 0d +1d at 09:00, or never.")
    except InvalidPolicy as invalid:
        if isinstance(node, Scalar):  # the line has one place in the file, whatever is wrong in it
            for fault in invalid.faults:
                faults.add(node.where, path, fault.message)
        elif not holds_broken(node):
            refuse_inside(invalid.faults, path, node, node.where, faults)
    return None


def _plain(node: Node) -> object:
    """What the rules take. Nothing here is a number: `0` stays a text, which is no offset."""
    match node:
        case Scalar():
            return None if node.empty else node.text
        case Sequence():
            return [_plain(item) for item in node.items]
        case _:
            return {}

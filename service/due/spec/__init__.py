"""Due specifications as values: reading them, their canonical forms, and what is wrong with them."""

from service.due.faults import Fault, InvalidDue
from service.due.periods import Precision
from service.due.spec.check import check
from service.due.spec.mapping import to_full_mapping, to_mapping
from service.due.spec.parse import FIELDS, parse
from service.due.spec.text import parse_text, print_text
from service.due.values import BeforeMonth, Bound, Boundary, DueSpec, Form, Frame, Quota, Term, TermKind
from service.due.workdays import Roll

__all__ = [
    "FIELDS",
    "BeforeMonth",
    "Bound",
    "Boundary",
    "DueSpec",
    "Fault",
    "Form",
    "Frame",
    "InvalidDue",
    "Precision",
    "Quota",
    "Roll",
    "Term",
    "TermKind",
    "check",
    "parse",
    "parse_text",
    "print_text",
    "to_full_mapping",
    "to_mapping",
]

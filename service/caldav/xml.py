"""XML, read with suspicion and written plainly. The only importer of defusedxml.

What is read comes from strangers: no document type (so no entities of any kind), bounded depth and number of elements;
the gate bounds the size.
"""

import xml.etree.ElementTree as ET  # to build and to write; reading goes through defusedxml
from collections.abc import Mapping
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from service.caldav.refusals import Refused, bad_request, precondition

Element = ET.Element

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
SERVER = "{http://calendarserver.org/ns/}"
APPLE = "{http://apple.com/ns/ical/}"
OURS = "{urn:x-milepost}"

DEEPEST = 32  # a calendar query of RFC 4791 needs eight levels
MOST_ELEMENTS = 20_000

for _prefix, _space in (("D", DAV), ("C", CAL), ("CS", SERVER), ("A", APPLE), ("M", OURS)):
    ET.register_namespace(_prefix, _space.strip("{}"))


class _Shallow(ET.TreeBuilder):
    """Builds a tree that is neither too deep nor too wide."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[Any, Any], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS:
            raise bad_request("This XML has too many elements, or too many inside one another.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def read_xml(body: bytes) -> Element:
    """The root of a document. Raises Refused."""
    try:
        parser = DefusedXMLParser(target=_Shallow(), forbid_dtd=True)
        parser.feed(body)
        root: Element = parser.close()
    except DefusedXmlException:
        # RFC 4918, 8.2 and 16: a server may refuse what external entities could hide in.
        raise precondition(f"{DAV}no-external-entities", "A document type has no place in a request.") from None
    except Refused:
        raise
    except (ET.ParseError, ValueError, LookupError):
        raise bad_request("The body is not well-formed XML.") from None
    return root


def write_xml(root: Element) -> bytes:
    """A document in UTF-8. Carriage returns are spelled out: a reader would take a bare one for a line feed (XML 1.0,
    2.11), and calendars end their lines with both."""
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.replace(b"\r", b"&#13;")


def element(tag: str, *inside: Element | str, attributes: Mapping[str, str] | None = None) -> Element:
    """An element with what stands in it: other elements, or text."""
    made = ET.Element(tag, dict(attributes or {}))
    for each in inside:
        if isinstance(each, str):
            made.text = each
        else:
            made.append(each)
    return made

"""`/plans:read`: a plan document to a draft of a plan file; nothing is stored."""

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import Field

from service.api.fields import CodeQuery
from service.api.shapes import Shape
from service.gate.guard import Editor
from service.gate.routing import resource
from service.gate.transaction import Reading
from service.kit.errors import invalid
from service.reading import actions

router = resource("/plans", tag="plans")


class DocumentShape(Shape):
    """What was handed in. `notes`: what whoever checks the draft should know of it."""

    kind: str
    characters: int
    notes: list[str]


class EvidenceShape(Shape):
    """Where a value comes from: from `start` to `end` in characters of the document's text."""

    value: str
    start: int
    end: int
    text: str
    confidence: str = Field(description="`exact`, `inferred` or `ambiguous`.")
    why: str


class EvidencesShape(Shape):
    """Evidence by field; of milestones by their keys first."""

    plan: dict[str, list[EvidenceShape]]
    milestones: dict[str, dict[str, list[EvidenceShape]]]


class FlagShape(Shape):
    """Something that a person should look at. `milestone`: a key, null for the plan; `line` 0: no line."""

    code: str
    weight: str = Field(description="`doubt`, `missing` or `inferred`; doubts come first.")
    milestone: str | None
    line: int
    message: str
    message_zh: str


class ReadShape(Shape):
    """A draft: as a plan file's fields, the same as YAML, what it was taken from, and what needs a person's eye."""

    document: DocumentShape
    draft: dict[str, Any]
    yaml: str
    evidence: EvidencesShape
    review: list[FlagShape]
    unread: list[EvidenceShape] = Field(description="Sentences that look like duties and are in no milestone.")


_BYTES = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
_DOCUMENT_BODY = {
    "requestBody": {
        "required": True,
        "description": "The document itself: plain text, .docx or .pdf, told apart by its bytes; at most 10 MiB.",
        "content": {"application/octet-stream": _BYTES, "text/plain": {"schema": {"type": "string"}}},
    }
}


@router.post(":read", openapi_extra=_DOCUMENT_BODY)
async def read_plan(
    request: Request,
    actor: Editor,  # noqa: ARG001 - who may edit plans may have documents read: it costs seconds
    session: Reading,
    name: Annotated[str, Query(max_length=200, description="What the file is called.")] = "document.txt",
    jurisdiction: CodeQuery = None,
) -> ReadShape:
    """A draft of the plan that a document sets out, for a person to check and to PUT."""
    raw = await request.body()
    if not raw:
        raise invalid("document", "send the document as the body of the request")
    drafted = await actions.read(session, raw=raw, name=name, jurisdiction=jurisdiction)
    return ReadShape.model_validate(drafted.json())

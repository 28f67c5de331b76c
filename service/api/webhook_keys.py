"""`/.well-known/webhook-keys`: the public keys with which anybody can check `v1a` signatures."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from service.api.shapes import Shape
from service.gate.routing import PROBLEM
from service.gate.state import gate_of
from service.gate.transaction import Reading
from service.webhooks.actions.signing import published_keys
from service.webhooks.rules.published_keys import PATH, key_document

router = APIRouter(tags=["webhooks"], responses=PROBLEM)

KEPT_FOR = 3600  # seconds; new keys stand there a day before they sign


class PublicKey(Shape):
    """A key as JWK (RFC 7517, RFC 8037), and as Standard Webhooks spells it. Instants are seconds since 1970."""

    kty: Annotated[str, Field(examples=["OKP"])]
    crv: Annotated[str, Field(examples=["Ed25519"])]
    x: str
    use: str
    kid: str
    whpk: str
    nbf: Annotated[int, Field(description="From when it signs.")]
    exp: Annotated[int | None, Field(description="Until when its signatures are good; absent: further notice.")] = None


class KeyDocument(Shape):
    """A JWK Set, the newest key first."""

    keys: list[PublicKey]


@router.get(PATH, response_model_exclude_unset=True)
async def show_keys(request: Request, session: Reading, response: Response) -> KeyDocument:
    """The keys that sign, will sign, or signed a while ago. Keep the document for an hour."""
    now = gate_of(request).host_clock.now()  # receivers compare it with theirs
    response.headers["Cache-Control"] = f"public, max-age={KEPT_FOR}"
    return KeyDocument.model_validate(key_document(await published_keys(session, now=now), now=now))

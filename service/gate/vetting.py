"""Asking the outside whether an address may be sent to: before any transaction is open, never within one."""

from collections.abc import Mapping

from service.gate.state import Gate
from service.kit.errors import invalid
from service.kit.outbound.errors import OutboundError
from service.webhooks.actions.enrolling import Address
from service.webhooks.rules.asking import HIDDEN
from service.webhooks.rules.formats.cloudevents import allowed_rate, handshake, is_allowed
from service.webhooks.rules.formats.request import with_headers

DEADLINE_S = 15.0


async def vetted(gate: Gate, url: str) -> Address:
    """The address as the guard reads it, if something may be sent there as things stand. Raises Invalid."""
    if HIDDEN in url:
        raise invalid("url", "this is the address as it is shown; send the whole one")
    outbound = await gate.outside.client()
    try:
        read = await outbound.check(url)
    except OutboundError as error:
        raise invalid("url", error.reason) from None
    return Address(read.text, read.authority)


async def shake_hands(
    gate: Gate, address: Address, *, headers: Mapping[str, str], per_minute: int | None
) -> int | None:
    """Ask an address whether it wants messages (CloudEvents, "Web Hooks", section 4); how many a minute, None: any.

    Raises Invalid where it does not say so.
    """
    source = gate.settings.public_url
    question = with_headers(handshake(url=address.url, source=source, per_minute=per_minute), headers)
    outbound = await gate.outside.client()
    try:
        answer = await outbound.send(
            question.method, question.url, headers=question.headers, body=question.body, deadline_s=DEADLINE_S
        )
    except OutboundError as error:
        raise invalid("handshake", f"the address was asked, and failed to answer: {error.reason}") from None
    if not is_allowed(answer.headers, source=source):
        raise invalid(
            "handshake", f"the address answered {answer.status} without a WebHook-Allowed-Origin that names us"
        )
    rates = [rate for rate in (per_minute, allowed_rate(answer.headers)) if rate is not None]
    return min(rates, default=None)

"""One request to one checked address: what is sent, what is kept of the answer, and what went wrong in words."""

import contextlib
import os
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import aiohttp
import httpx
from yarl import URL

from service.kit.outbound.address import Address
from service.kit.outbound.errors import BadAnswer, OutboundError, Unreachable
from service.kit.outbound.url import OutboundUrl
from service.kit.outbound.wire import ATTEMPT

MAX_BODY = 16 * 1024  # bytes of an answer that are kept
NOT_KEPT = frozenset({"set-cookie", "set-cookie2"})  # we send none back, and they may be somebody's key


Lines = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Received:
    """What came back: see `client.Answer`, which is this with the address and the time that it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool


class BrokenOff(BadAnswer):
    """The connection ended before the answer did."""


async def exchange(
    transport: httpx.AsyncBaseTransport,
    url: OutboundUrl,
    address: Address,
    *,
    method: str,
    headers: Lines,
    body: bytes,
    connect_s: float | None,
) -> Received:
    """Send to this address and read the answer.

    The present attempt (`wire.ATTEMPT`) is told how far things have come. `connect_s` bounds connecting alone. Raises
    Unreachable (another address may do better), BrokenOff, BadAnswer.
    """
    attempt = ATTEMPT.get()
    at, exact = _at(url, address)
    attempt.turn_to(str(address), exact)
    # For TLS the name goes along: the certificate must be for it, and the receiver chooses its certificate by it.
    name = url.host if url.is_encrypted and url.literal is None else None
    extensions = {"timeout": {"connect": connect_s}, "sni_hostname": name}
    request = httpx.Request(method, at, headers=list(headers), content=body, extensions=extensions)
    try:
        response = await transport.handle_async_request(request)
        try:
            attempt.status = response.status_code
            if not 200 <= response.status_code <= 599:
                raise BadAnswer(f"The receiver answered with status {response.status_code}, which means nothing here.")
            body, truncated = await _read(response)
        finally:
            await response.aclose()
    except (httpx.HTTPError, aiohttp.ClientError) as error:
        if attempt.is_flooded:
            raise BadAnswer("The receiver sent far more than an answer needs.") from error
        raise fault_of(error) from error
    return Received(response.status_code, _headers(response), body, truncated)


@lru_cache(maxsize=1024)
def _at(url: OutboundUrl, address: Address) -> tuple[httpx.URL, URL]:
    """The URL at an address, as each library has it. Kept: reading it anew would take a fifth of an attempt's time."""
    return httpx.URL(url.at(address)), URL(url.at(address), encoded=True)


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    """At most MAX_BODY bytes as they come, never unpacked, and whether there were more."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    kept = bytearray()
    # Closed here and now: a generator that is left half read would be closed by a task of the loop's own.
    async with contextlib.aclosing(cast(AsyncGenerator[bytes], aiter(response.stream))) as chunks:
        async for chunk in chunks:
            kept += chunk
            if len(kept) > MAX_BODY:
                return bytes(kept[:MAX_BODY]), True
    return bytes(kept), False


def _headers(response: httpx.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in NOT_KEPT:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def fault_of(error: Exception) -> OutboundError:
    """What happened, in words. The cause tells more than the error: httpx has fewer names for what aiohttp met."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    match cause:
        case aiohttp.ClientConnectorCertificateError():
            return Unreachable(f"The receiver's certificate does not hold: {_certificate(cause.certificate_error)}.")
        case aiohttp.ClientConnectorSSLError():
            return Unreachable("The receiver and we found no way to encrypt (TLS handshake failed).")
        case aiohttp.ClientConnectorError():
            # The system's own words: the loop's would repeat the address.
            number = cause.os_error.errno
            return Unreachable(f"No connection: {os.strerror(number).lower() if number else 'it was broken off'}.")
        case aiohttp.ConnectionTimeoutError() | httpx.ConnectTimeout() | httpx.ConnectError():
            return Unreachable("No connection: nobody took it in time.")
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | aiohttp.ClientPayloadError():
            return BrokenOff("The receiver broke the connection off before its answer was complete.")
        case aiohttp.ClientResponseError():
            return BadAnswer("What came back is no HTTP answer, or has headers beyond all bounds.")
    return BadAnswer(f"The exchange failed ({type(cause).__name__}).")


def _certificate(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_message:
        return error.verify_message.rstrip(".")
    return "it could not be verified"

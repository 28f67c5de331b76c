"""The one client of this process for what is sent out, opened when the first one needs it."""

from collections.abc import Iterable

from service.kit.outbound.address import Network
from service.kit.outbound.client import Outbound


class Outside:
    """Opens the client once: reading the system's authorities takes a tenth of a second that many processes save."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._client: Outbound | None = None

    async def client(self) -> Outbound:
        """The client."""
        if self._client is None:
            made = self._client = Outbound(allow_networks=self._networks)  # before the first await: there is one
            await made.__aenter__()
        return self._client

    async def close(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.__aexit__(None, None, None)
            self._client = None

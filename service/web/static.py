"""Style, script and icon, under addresses that name their content: a browser asks for each of them once."""

import hashlib
import mimetypes
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.kit.errors import NotFound

_FOLDER = Path(__file__).resolve().parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"

# Google Calendar and others read this before they read a feed.
ROBOTS = """\
User-agent: *
Allow: /calendars/
Disallow: /api/
Disallow: /docs
Disallow: /metrics
"""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, and the name that it is fetched under: `style.3f2a….css`."""

    name: str
    media_type: str
    content: bytes


def _load(path: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.types_map[path.suffix]
    return Asset(f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}", media_type, content)


# A handful of small files, read once: no request waits for a disk, or can name another file.
_ASSETS = {path.name: _load(path) for path in sorted(_FOLDER.iterdir()) if path.is_file()}


def address_of(name: str) -> str:
    """Where a file is fetched."""
    return f"/static/{_ASSETS[name].name}"


@router.api_route("/static/{name}", methods=["GET", "HEAD"])
async def get_static(request: Request, name: str) -> Response:
    """A file under its hashed name. Under the name of another version: today's, to be asked for again."""
    parts = name.split(".")
    asset = _ASSETS.get(f"{parts[0]}.{parts[-1]}") if len(parts) == 3 else None
    if asset is None:
        raise NotFound("There is no such file.")
    lasting = FOR_EVER if asset.name == name else "no-cache"
    return body_or_head(request, asset.content, media_type=asset.media_type, headers={"Cache-Control": lasting})


@router.api_route("/robots.txt", methods=["GET", "HEAD"])
async def get_robots(request: Request) -> Response:
    """What robots may fetch: pages and feeds."""
    return body_or_head(request, ROBOTS.encode(), media_type="text/plain", headers={"Cache-Control": "max-age=86400"})


def body_or_head(
    request: Request,
    content: bytes,
    *,
    media_type: str,
    headers: dict[str, str],
    status: int = HTTPStatus.OK,
) -> Response:
    """An answer; to HEAD the same without its body."""
    response = Response(content, status_code=status, media_type=media_type, headers=headers)
    if request.method == "HEAD":
        response.body = b""  # the length of what GET would send stays in the headers
    return response

"""`/docs`: the API to look at and try, served from here: many government networks have no way out."""

from importlib.resources import files
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

# The page's own scripts and styles, nothing in line but the styles that it sets while it runs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Milepost API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", deepLinking: true, persistAuthorization: false});\n'
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@router.get("/docs")
async def show_page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/docs/start.js")
async def give_start() -> Response:
    """What starts it."""
    return Response(_START, media_type=_TYPES["js"])


@router.get("/docs/{name}")
async def give_asset(name: Literal["swagger-ui.css", "swagger-ui-bundle.js"]) -> Response:
    """Its style and its script, from the installed package."""
    asset = (files("fastapi_offline") / "static" / name).read_bytes()
    return Response(asset, media_type=_TYPES[name.rpartition(".")[2]], headers={"Cache-Control": "max-age=86400"})

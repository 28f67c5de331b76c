"""`milepost read`: a plan document to a draft of a plan file, on standard output."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from service.reading import actions
from service.reading.rules.spans import to_spans


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("read", help="a plan document to a draft of a plan file")
    parser.add_argument("file", type=Path, metavar="FILE", help="the document (.txt, .docx, .pdf)")
    parser.add_argument("--format", choices=("yaml", "json", "spans"), default="yaml", help="(default: %(default)s)")
    parser.set_defaults(run=lambda options: asyncio.run(_read(options)))


async def _read(options: argparse.Namespace) -> None:
    found = actions.read_bytes(options.file.read_bytes(), name=options.file.name)
    if options.format == "spans":
        print(json.dumps(to_spans(found.text, list(found.items)), ensure_ascii=False))

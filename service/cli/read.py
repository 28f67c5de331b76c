"""`milepost read`: a plan document to a draft of a plan file, on standard output."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from service.cli.apply import plan_paths, read_files
from service.cli.opening import opened
from service.kit.database import read_url, sqlite_path
from service.reading import actions
from service.reading.input import LARGEST
from service.reading.rules.spans import to_spans
from service.settings import Settings


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("read", help="a plan document to a draft of a plan file")
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the document: text, .docx or .pdf; - reads it from standard input"
    )
    parser.add_argument("--format", choices=("yaml", "json", "spans"), default="yaml", help="(default: %(default)s)")
    parser.add_argument("--jurisdiction", metavar="CODE", help="whose plan it is (default: what the document says)")
    parser.add_argument(
        "--registry",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="plan files, or folders of them, with the units that are known (default: those of the database)",
    )
    parser.set_defaults(run=lambda options: asyncio.run(_read(options)))


async def _read(options: argparse.Namespace) -> None:
    raw, name = _opened(options.file)
    if options.format == "spans":
        _, found = actions.read_bytes(raw, name=name)
        print(json.dumps(to_spans(found.text, found.items, default=found.head.default_due), ensure_ascii=False))
        return
    drafted = await _drafted(raw, name, options)
    if options.format == "json":
        print(json.dumps(drafted.json(), ensure_ascii=False, indent=2))
    else:
        print(drafted.yaml(), end="")


def _opened(file: Path) -> tuple[bytes, str]:
    """A document: its bytes, one more than the limit if it is too large, and its name; `-` is standard input."""
    if str(file) == "-":
        return sys.stdin.buffer.read(LARGEST + 1), "stdin"
    with file.open("rb") as opened_file:
        return opened_file.read(LARGEST + 1), file.name


async def _drafted(raw: bytes, name: str, options: argparse.Namespace) -> actions.Drafted:
    """With the units of the files that are named, else of the database; reading a document makes no database."""
    if options.registry or not _has_database():
        files = read_files(plan_paths(options.registry)) if options.registry else []
        return actions.read_beside(raw, name=name, files=files, jurisdiction=options.jurisdiction)
    async with opened() as house, house.database.read() as session:
        return await actions.read(session, raw=raw, name=name, jurisdiction=options.jurisdiction)


def _has_database() -> bool:
    path = sqlite_path(read_url(Settings.from_environ(os.environ).database_url))
    return path is None or path.exists()

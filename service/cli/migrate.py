"""`milepost migrate`: bring the database to the newest schema."""

import argparse
import asyncio
import os
from typing import Any

from service.kit import log, schema
from service.kit.database import Database
from service.settings import Settings


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("migrate", help="bring the database to the newest schema")
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> None:
    """All steps that are missing, or none when one of them fails."""
    settings = Settings.from_environ(os.environ)
    log.configure(level="warning", style="text")
    asyncio.run(_migrate(Database(settings.database_url)))


async def _migrate(database: Database) -> None:
    try:
        await schema.upgrade(database)
    finally:
        await database.close()
    print("The schema is up to date.")

"""Write the next revision: `python -m migrations.new "what changes"`. Read it, then shorten it.

A throw-away SQLite file is brought to the newest revision and compared with the models.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from service.kit.database import Database
from service.kit.schema import configured, folder, upgrade


async def write(message: str) -> None:
    count = len(list(ScriptDirectory(str(folder())).walk_revisions()))
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{Path(scratch) / 'compare.db'}")
        await upgrade(database)
        await database.migrate(
            lambda connection: command.revision(
                configured(connection), message, autogenerate=True, rev_id=f"{count + 1:04}"
            )
        )
        await database.close()


if __name__ == "__main__":
    asyncio.run(write(" ".join(sys.argv[1:]) or "change"))

"""How long links live, and when somebody may not know of a change. Pure."""

from datetime import timedelta

OVERLAP_DAYS = 30  # the address before the last rotation works on so long
UNUSED_DAYS = 180  # a link that nobody fetches for so long is closed
STALE_HOURS = 48  # Google Calendar asks every 8 to 24 hours, and may skip a turn
MANY_ENTRIES = 800  # Google Calendar and some phones take no more than a thousand, or a megabyte
MANY_BYTES = 700_000
MOVES_REMEMBERED = timedelta(days=60)
FETCHES_WRITTEN_EVERY = timedelta(hours=3)  # a fetch of what is known to have been fetched is written so often

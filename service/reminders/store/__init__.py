"""How reminders are found and kept: `policies`, `schedules` (what is planned), `due` (what is due now), `ledger`."""

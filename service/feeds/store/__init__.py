"""How entries, what they are made from, subjects, ledgers and links are found."""

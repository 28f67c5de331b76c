"""What a due specification means: from the source's own words to dates. Pure: no database, no network, no clock."""

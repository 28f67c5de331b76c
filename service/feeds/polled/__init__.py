"""What a process keeps of feeds so that a poll needs no database: links, pages, and word of what has changed."""

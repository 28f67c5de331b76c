"""What is true of feeds: facts, how the date changes them, windows, texts, addresses. Pure."""

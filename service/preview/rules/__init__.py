"""What is true of notices that nobody has sent yet: `foresight`, and their words in `texts`."""

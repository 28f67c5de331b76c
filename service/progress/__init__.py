"""What units say about what they owe: how an occurrence stands with each unit that answers for it."""

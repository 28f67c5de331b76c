"""What is true of reminders: `offsets`, `policy`, `timing`, `planning`, `ending`."""

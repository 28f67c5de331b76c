"""The HTML door: pages that people read. They show what the JSON door answers, and change nothing."""

"""What a careful reader would question in a plan: a linter's list."""

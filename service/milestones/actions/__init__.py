"""What can be done to milestones: `editing`, `expanding` to occurrences, `following` what happens upstream."""

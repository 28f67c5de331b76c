"""What can be done to milestones: `editing` them, `expanding` them to occurrences, `following` what happens upstream."""

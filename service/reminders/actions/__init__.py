"""What can be done to reminders: `policies`, `planning` and `following` what happens upstream, `firing` what is due."""

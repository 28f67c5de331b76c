"""What due specifications mean."""

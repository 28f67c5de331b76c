"""What can be read off."""

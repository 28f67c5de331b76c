"""What can be done with feeds: follow changes, turn the page, read what a feed shows, make and revoke links."""

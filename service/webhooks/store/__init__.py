"""How endpoints, signing keys, events, deliveries and attempts are found and kept."""

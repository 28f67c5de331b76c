"""What is true of webhooks: payloads, signatures, formats, retries, health, filters. Pure: `now` is an argument."""

"""Plan documents: issuer, period, how their phrases are read."""

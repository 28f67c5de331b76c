"""When people are reminded: policies, planned notices (firings), and what is due now."""

"""Every fact once: the audit log, and later the source of events."""

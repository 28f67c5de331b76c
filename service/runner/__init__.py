"""The clock door: what happens because time passes. The only importer of APScheduler, which only wakes us."""

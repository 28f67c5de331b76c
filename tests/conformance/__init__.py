"""Feeds as the programs of others read them: three languages, and the check of the library that most servers use."""

"""The tests mirror the house: a folder for every room, and a few for what crosses rooms."""

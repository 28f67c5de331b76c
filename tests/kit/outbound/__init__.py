"""Tests of the way out, on both event loops, against real servers on this machine that behave badly."""

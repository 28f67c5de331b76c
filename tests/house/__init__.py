"""Tests of the house itself: its order, its words, its sizes, its pages."""

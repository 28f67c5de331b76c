"""Statutory days per year, with the notice that they come from; years whose notice is not out yet are provisional."""

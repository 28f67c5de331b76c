"""Reading: a plan document's text to a draft that a person reviews. The same text always gives the same draft."""

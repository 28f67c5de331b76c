"""What a plan document's text says. Pure: text in, values with the places that they came from out."""

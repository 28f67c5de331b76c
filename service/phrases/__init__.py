"""Pure: Chinese deadline phrases to due specifications."""

"""Plan files: the one format in which plans come in, are reviewed, and go out."""

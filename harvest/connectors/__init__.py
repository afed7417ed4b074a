"""One module per kind of source, each with a documented mapping."""

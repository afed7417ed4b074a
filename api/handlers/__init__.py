"""One module per family of URLs; a handler translates and does nothing else."""

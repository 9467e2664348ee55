"""The acoustic model: symbols -> mel, in chunks."""

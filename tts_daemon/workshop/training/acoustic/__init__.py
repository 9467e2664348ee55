"""Training of the acoustic model."""

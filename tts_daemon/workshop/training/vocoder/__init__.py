"""Training of the vocoder, and what judges it on the way."""

"""Where samples go: ALSA, nothing, a file."""

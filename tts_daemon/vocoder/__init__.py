"""The vocoder: mel -> waveform, in chunks."""

"""Training of the embedded voice: corpus -> features -> vocoder and acoustic model."""

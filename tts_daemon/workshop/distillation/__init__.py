"""A smaller vocoder for a published voice, trained to say what the large one says."""

"""From FP32 graphs to INT8 ones."""

"""The vocoder in C, where it is faster than the engine: sources, builder, loader."""

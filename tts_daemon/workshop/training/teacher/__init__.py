"""The teacher: what it is given to read, how it reads, and the recordings that are kept."""

"""Synthesis: a request -> audio chunks, as they are made."""

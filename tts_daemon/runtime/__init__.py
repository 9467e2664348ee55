"""Inference sessions: what runs a graph, and with how many threads."""

"""Figures for Prometheus: as text, and in a file."""

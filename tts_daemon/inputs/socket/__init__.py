"""The Unix socket door."""

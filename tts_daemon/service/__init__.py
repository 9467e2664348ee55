"""The daemon process: starts the rooms in order and stops them in reverse."""

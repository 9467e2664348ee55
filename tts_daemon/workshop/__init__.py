"""The torch half: published checkpoints in, voice packages out. Only `cli` imports it."""

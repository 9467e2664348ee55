"""Another machine's voice in place of our own: asked clause by clause, left when it is late."""

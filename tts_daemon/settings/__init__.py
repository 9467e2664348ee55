"""How the daemon is configured: the schema, the files and variables it comes from, the presets."""

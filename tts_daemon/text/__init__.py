"""Chinese text to symbols: one pass, `frontend.Frontend.read`."""

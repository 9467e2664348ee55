"""The HTTP door: an API, and a page to try it on."""

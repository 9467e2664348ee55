"""The Wyoming door: text to speech for Home Assistant's voice pipelines."""

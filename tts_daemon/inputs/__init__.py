"""The doors by which text comes in; every door turns messages into SpeakRequest."""

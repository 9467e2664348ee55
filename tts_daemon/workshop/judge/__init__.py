"""Judges how a voice sounds: heard by a speech recogniser, rated by DNSMOS, measured, drawn."""

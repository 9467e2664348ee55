"""A local Chinese voice for the home: text from MQTT or a Unix socket, spoken on the ALSA device."""

__version__ = "0.1.0"

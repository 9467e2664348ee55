"""A local Chinese voice for the home: text from MQTT or a Unix socket, spoken aloud."""

__version__ = "0.1.0"

"""The MQTT door: topics in, speech and events out, over one lasting session."""

"""A local Chinese voice for the home: text from MQTT or a Unix socket, spoken aloud."""

import os

__version__ = "0.1.0"

# Before any library is imported: ONNX Runtime reports to its maker by default (the first name since
# 1.29, the second one in builds before). Not a choice of the user's environment: nothing leaves the
# house. tests/integration/test_nothing_leaves.py watches every library, also those to come.
os.environ.update(ORT_DISABLE_TELEMETRY="1", ORT_TELEMETRY_DISABLED="1")

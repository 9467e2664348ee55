"""The published acoustic model: symbols -> mel frames."""

from tts_daemon.workshop.sambert.config import SambertConfig, TableSizes
from tts_daemon.workshop.sambert.model import Inference, Sambert, Training

__all__ = ["Inference", "Sambert", "SambertConfig", "TableSizes", "Training"]

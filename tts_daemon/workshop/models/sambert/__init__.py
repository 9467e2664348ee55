"""The published acoustic model: symbols -> mel frames."""

from tts_daemon.workshop.models.sambert.config import SambertConfig, TableSizes
from tts_daemon.workshop.models.sambert.model import Inference, Melody, Sambert, Training

__all__ = ["Inference", "Melody", "Sambert", "SambertConfig", "TableSizes", "Training"]

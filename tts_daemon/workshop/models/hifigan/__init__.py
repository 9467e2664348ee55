"""The published vocoder: mel -> waveform."""

from tts_daemon.workshop.models.hifigan.excitation import published_excitation, sine_excitation
from tts_daemon.workshop.models.hifigan.generator import Generator
from tts_daemon.workshop.models.hifigan.params import GeneratorParams

__all__ = ["Generator", "GeneratorParams", "published_excitation", "sine_excitation"]

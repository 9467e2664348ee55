"""The published vocoder: mel -> waveform."""

from tts_daemon.workshop.hifigan.excitation import published_excitation, sine_excitation
from tts_daemon.workshop.hifigan.generator import Generator
from tts_daemon.workshop.hifigan.params import GeneratorParams

__all__ = ["Generator", "GeneratorParams", "published_excitation", "sine_excitation"]

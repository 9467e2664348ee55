"""The published vocoder: mel -> waveform."""

from tts_daemon.workshop.hifigan.excitation import sine_excitation
from tts_daemon.workshop.hifigan.generator import Generator
from tts_daemon.workshop.hifigan.params import GeneratorParams

__all__ = ["Generator", "GeneratorParams", "sine_excitation"]

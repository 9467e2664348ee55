"""Listens: is this the tiny voice, saying this text, at this level, and nothing else?

    assert_says(pcm, rate, "你好，世界。")
    assert_says(pcm, rate, "你好，世界。", emotion="happy")

What is right is a recording (tests/data/spoken.npz), not what the code under test computes now:
the voice's noise has a fixed seed, so the same text sounds the same in every process. After a
change that is meant to be heard: `python -m fakes.hearing` (from tests/) records anew; listen to
the figures that it prints before they are committed.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16000
FILE = Path(__file__).parents[1] / "data" / "spoken.npz"
SENTENCES: dict[str, dict[str, str | float]] = {
    "你好，世界。": {},
    "你好，世界。 happy": {"emotion": "happy"},
    "你好，今天天气怎么样？": {},
    "水开了。": {},
    "第一句。第二句。": {},
    "第一句。": {},
    "第二句。": {},
}
"""What was recorded: the text, with a space the emotion; and the style."""

_ALIKE = 0.99
_LENGTH_S = 0.02
_LEVEL_DB = 0.5
_SILENT = 1e-3

Floats = NDArray[np.float64]
Pcm = NDArray[np.int16]


def read_wav(wav: bytes | Path) -> tuple[Pcm, int]:
    """Samples, int16 [N], and their rate, of a file with one channel."""
    source = io.BytesIO(wav) if isinstance(wav, bytes) else str(wav)
    with wave.open(source) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        frames = sound.readframes(sound.getnframes())
        return np.frombuffer(frames, np.int16), sound.getframerate()


def assert_says(
    pcm: Pcm,
    rate: int,
    text: str,
    *,
    emotion: str = "",
    gain: float = 1.0,
    speed: float = 1.0,
    alone: bool = True,
) -> None:
    """Fail where this is not the recording of `text`.

    Args:
        pcm: int16 [N]; silence before and after it does not count.
        rate: Samples per second that it was heard at; must be the voice's.
        text: One of SENTENCES.
        emotion: That was asked for.
        gain: Amplitude factor that was asked for.
        speed: Factor that was asked for; only the length is compared then.
        alone: Whether nothing else may be heard.
    """
    assert rate == RATE, f"{rate} Hz instead of {RATE}"
    wanted = recorded(f"{text} {emotion}".strip()) * gain
    heard = _sounding(np.asarray(pcm, np.float64) / 32768) if alone else pcm / 32768
    assert len(heard), "silence"
    if alone:
        length_s = len(heard) / rate
        wanted_s = len(wanted) / rate / speed
        slack_s = _LENGTH_S if speed == 1.0 else 0.1 * wanted_s
        assert abs(length_s - wanted_s) <= slack_s, f"{length_s:.3f} s instead of {wanted_s:.3f} s"
    if speed != 1.0:
        return
    alike, piece, _ = _best_match(heard, wanted)
    assert alike >= _ALIKE, f"it sounds otherwise: correlation {alike:.3f}"
    level_db = 20 * np.log10(_rms(piece) / _rms(wanted))
    assert abs(level_db) <= _LEVEL_DB, f"{level_db:+.1f} dB"


def assert_says_in_order(pcm: Pcm, rate: int, *texts: str) -> None:
    """Fail where this is not one recording after the other, with nothing but silence between.

    Args:
        pcm: int16 [N].
        rate: Samples per second that it was heard at; must be the voice's.
        texts: Of SENTENCES.
    """
    assert rate == RATE, f"{rate} Hz instead of {RATE}"
    rest = _sounding(np.asarray(pcm, np.float64) / 32768)
    for text in texts:
        assert len(rest), f"silence instead of {text}"
        wanted = recorded(text)
        alike, piece, begin = _best_match(rest[: len(wanted) + RATE // 50], wanted)
        assert alike >= _ALIKE, f"not {text}: correlation {alike:.3f}"
        level_db = 20 * np.log10(_rms(piece) / _rms(wanted))
        assert abs(level_db) <= _LEVEL_DB, f"{text}: {level_db:+.1f} dB"
        rest = _sounding(rest[begin + len(wanted) :])
    assert not len(rest), f"{len(rest) / rate:.2f} s more than was asked for"


def recorded(name: str) -> Floats:
    """How it is meant to sound, float [N], -1 to 1, without silence at its ends."""
    with np.load(FILE) as arrays:
        return _sounding(np.asarray(arrays[name], np.float64) / 32768)


def _sounding(samples: Floats) -> Floats:
    loud = np.flatnonzero(np.abs(samples) > _SILENT)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def _best_match(heard: Floats, wanted: Floats) -> tuple[float, Floats, int]:
    """The correlation where `wanted` fits best, what was heard there, and from which sample on."""
    padded = np.concatenate([heard, np.zeros(len(wanted))])
    size = 1 << (len(padded) + len(wanted)).bit_length()
    products = np.fft.irfft(np.fft.rfft(padded, size) * np.conj(np.fft.rfft(wanted, size)), size)
    begin = int(np.argmax(products[: len(heard)]))
    piece = padded[begin : begin + len(wanted)]
    norms = max(float(np.linalg.norm(piece) * np.linalg.norm(wanted)), 1e-9)
    return float(piece @ wanted) / norms, piece, begin


def _rms(samples: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(samples))) + 1e-9)


def _record() -> None:
    """Speak every sentence by `tts-say --local` and keep what it wrote."""
    import tempfile

    from fakes.daemon_process import VOICE, VOICES

    from tts_daemon.cli.say import main

    made = {}
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "config.yaml"
        config.write_text(f"voice: {{default: {VOICE}, models: [{VOICES}]}}\n", encoding="utf-8")
        for name, style in SENTENCES.items():
            options = [f"--{field}={value}" for field, value in style.items()]
            wav = Path(place) / "said.wav"
            arguments = ["--local", "--config", str(config), "--output", str(wav), *options]
            assert main([*arguments, name.partition(" ")[0]]) == 0
            pcm, rate = read_wav(wav)
            assert rate == RATE
            made[name] = pcm
            print(f"{name}: {len(pcm) / RATE:.2f} s, {20 * np.log10(_rms(pcm / 32768)):.1f} dBFS")
    np.savez_compressed(FILE, **made)


if __name__ == "__main__":
    _record()

"""A voice whose eight graphs are a few lines of numpy each, to the letter of docs/voice-package.md.

It says nothing that a person would understand; it is there to show that the runtime feeds graphs as
they want to be fed. Letters as in docs/voice-package.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tts_daemon.runtime.engine import Array, Floats
from tts_daemon.voices.manifest import GRAPHS, Manifest

P, G, R, N, H, D, UNITS, MELS, HOP = 4, 5, 3, 2, 2, 3, 6, 4, 10
C = MELS + 2
POST_LAYERS, LEFT, RIGHT, POST_UNITS, LSTM = 2, 3, 2, 5, 4
DURATION_UNITS = 3
CONTEXT = 2
VOCODER_STATES = {"state_0": (1, 0, MELS + HOP)}
TYPES = (np.float32, np.int64)
EMOTIONS = ("neutral", "happy", "calm")


def manifest(**changes: Any) -> Manifest:
    """The toy's manifest, with some keys changed."""
    return Manifest.parse(manifest_values(**changes), Path("toy/voice.json"))


def manifest_values(**changes: Any) -> dict[str, Any]:
    """Content of the toy's voice.json."""
    values: dict[str, Any] = {
        "format": 1,
        "name": "toy",
        "title": "Toy",
        "language": "zh-CN",
        "licence": "Apache-2.0",
        "provenance": "made up",
        "sample_rate": 1000,
        "hop_length": HOP,
        "n_mels": MELS,
        "frames_per_step": R,
        "values_per_frame": C,
        "autoregressive": True,
        "symbols": {
            "sy": ["a_c", "b_c", "aa", "#1", "#3", "#4", "_", "~"],
            "tone": ["tone1", "tone_none", "_", "~"],
            "syllable_flag": ["s_begin", "s_end", "s_none", "_", "~"],
            "word_segment": ["word_begin", "word_end", "word_none", "_", "~"],
            "emo_category": ["emotion_none", *(f"emotion_{name}" for name in EMOTIONS)],
            "speaker_category": ["F7", "M1"],
        },
        "emotions": ["neutral", "happy"],
        "break_emotion": None,
        "speaker": "M1",
        "untrained": ["aa"],
        "position_scales": None,
        "pitch_per_semitone": 0.25,
        "energy_per_unit": 0.5,
        "f0": {"normalization": "global", "minimum": 30, "maximum": 130},
        "source": {"harmonics": 3, "amplitude": 0.1, "noise": 0.003},
        "dimensions": {
            "text": P,
            "condition": G,
            "memory": P * R + G,
            "decoder_layers": N,
            "decoder_heads": H,
            "head_width": D,
            "decoder_units": UNITS,
            "duration_units": DURATION_UNITS,
            "postnet_layers": POST_LAYERS,
            "postnet_left": LEFT,
            "postnet_right": RIGHT,
            "postnet_units": POST_UNITS,
            "postnet_lstm_units": LSTM,
        },
        "vocoder_look_ahead_frames": CONTEXT,
        "graphs": {
            name: {"file": f"{name}.onnx", "precision": "fp32", "sha256": "0" * 64, "bytes": 1}
            for name in GRAPHS
        },
        "quality": {},
    }
    return {**values, **changes}


class NumpyGraph:
    """A graph that is a function."""

    def __init__(
        self,
        function: Callable[..., dict[str, Array]],
        states: Mapping[str, tuple[int, ...]] | None = None,
        **widths: int,
    ) -> None:
        """Take the function, the shapes of its empty states, and what `width` answers."""
        self.function = function
        self.calls = 0
        self._states = states or {}
        self._widths = widths

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Call the function; like the engine's, a graph takes no other types than its own."""
        wrong = {name: value.dtype for name, value in inputs.items() if value.dtype not in TYPES}
        assert not wrong
        self.calls += 1
        outputs = self.function(**inputs)
        return {name: np.asarray(value, np.float32) for name, value in outputs.items()}

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        """Call it on the arrays, and copy what comes out."""

        def call() -> None:
            for name, value in self.run(inputs).items():
                assert outputs[name].shape == value.shape, name
                outputs[name][:] = value

        return call

    def empty_states(self) -> dict[str, Array]:
        """As told."""
        return {name: np.zeros(shape, np.float32) for name, shape in self._states.items()}

    def width(self, name: str) -> int:
        """As told."""
        return self._widths.get(name, 0)


def weights(seed: int, *shape: int) -> Floats:
    """Fixed random weights."""
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return values / np.float32(np.sqrt(shape[0]))


def graphs(autoregressive: bool = True) -> dict[str, NumpyGraph]:
    """All graphs of the toy."""
    return {
        "encoder": NumpyGraph(encoder, speaker=2),
        "variance": NumpyGraph(variance),
        "duration": NumpyGraph(duration),
        "memory": NumpyGraph(memory),
        "decoder": NumpyGraph(decoder if autoregressive else decoder_without_past_frames),
        "postnet_fsmn": NumpyGraph(postnet_fsmn),
        "postnet_lstm": NumpyGraph(postnet_lstm),
        "vocoder": NumpyGraph(vocoder, states=VOCODER_STATES),
    }


def encoder(symbols: Array, emotion: Floats, speaker: Floats) -> dict[str, Array]:
    """Text from a table, condition from the two mixtures."""
    text = weights(1, 16, P)[symbols[..., 0] + symbols[..., 1]]
    condition = np.concatenate([emotion @ weights(2, 4, 3), speaker @ weights(3, 2, 2)], axis=-1)
    return {
        "text": text,
        "condition": condition,
        "pitch": text @ weights(4, P),
        "energy": text @ weights(5, P) + condition @ weights(6, G),
    }


def variance(text: Floats, condition: Floats, pitch: Floats, energy: Floats) -> dict[str, Array]:
    """Pitch and energy are added to the text."""
    augmented = text + pitch[..., None] * weights(7, P) + energy[..., None] * weights(8, P)
    both = np.concatenate([augmented, condition], axis=-1)
    return {
        "text_augmented": augmented,
        "duration_condition": both @ weights(9, P + G, 4 * DURATION_UNITS),
    }


def duration(
    previous: Floats, duration_condition: Floats, hidden: Floats, cell: Floats
) -> dict[str, Array]:
    """A recurrence of no particular kind."""
    drive = duration_condition[:, :DURATION_UNITS] + previous
    new_hidden = np.tanh(hidden[::-1] * np.float32(0.5) + cell + drive)
    return {
        "log_duration": np.float32(1.8) + new_hidden.mean(axis=(0, 2))[:, None] / np.float32(2),
        "hidden_out": new_hidden,
        "cell_out": cell * np.float32(0.5) + new_hidden * np.float32(0.1),
    }


def memory(memory: Floats) -> dict[str, Array]:
    """Linear projections of each step."""
    steps = memory.shape[1]

    def heads(seed: int) -> Floats:
        projected = memory[0] @ weights(seed, P * R + G, N * H * D)
        return projected.reshape(steps, N, H, D).transpose(1, 2, 0, 3)

    return {
        "step_input": memory @ weights(10, P * R + G, UNITS),
        "memory_keys": heads(11),
        "memory_values": heads(12),
    }


def decoder(
    previous_frames: Floats,
    step_input: Floats,
    self_keys: Floats,
    self_values: Floats,
    self_mask: Floats,
    memory_keys: Floats,
    memory_values: Floats,
    memory_mask: Floats,
) -> dict[str, Array]:
    """Layers of masked attention over the past and over the memory."""
    x = previous_frames[0] @ weights(13, C, UNITS) + step_input[0]  # [S, UNITS]
    new_keys, new_values = [], []
    for layer in range(N):
        query, key, value = (_heads(x, 14 + 3 * layer + index) for index in range(3))
        new_keys.append(key)
        new_values.append(value)
        past = _attend(
            query,
            np.concatenate([self_keys[layer], key], axis=1),
            np.concatenate([self_values[layer], value], axis=1),
            self_mask,
        )
        x = np.tanh(
            x + past + _attend(query, memory_keys[layer], memory_values[layer], memory_mask)
        )
    frames = (x @ weights(30, UNITS, R * C)).reshape(1, -1, C)
    return {"frames": frames, "new_keys": np.stack(new_keys), "new_values": np.stack(new_values)}


def decoder_without_past_frames(**inputs: Floats) -> dict[str, Array]:
    """The decoder of a voice that is not autoregressive."""
    inputs["previous_frames"] = np.zeros_like(inputs["previous_frames"])
    return decoder(**inputs)


def _heads(x: Floats, seed: int) -> Floats:
    """[S, UNITS] -> [H, S, D]."""
    return (x @ weights(seed, UNITS, H * D)).reshape(-1, H, D).transpose(1, 0, 2)


def _attend(query: Floats, keys: Floats, values: Floats, mask: Floats) -> Floats:
    """[H, S, D], [H, n, D], [S, n] -> [S, H x D]."""
    scores = query @ keys.transpose(0, 2, 1) + mask
    attention = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attention /= attention.sum(axis=-1, keepdims=True)
    return (attention @ values).transpose(1, 0, 2).reshape(len(query[0]), H * D)


def postnet_fsmn(
    frames: Floats, valid: Floats, contexts: Floats, residuals: Floats
) -> dict[str, Array]:
    """Each layer sums over its taps and comes out RIGHT frames late."""
    count = frames.shape[1]
    x = frames[0] @ weights(31, C, POST_UNITS)  # [S, POST_UNITS]
    new_contexts, new_residuals = [], []
    for layer in range(POST_LAYERS):
        first = (POST_LAYERS - layer) * RIGHT
        masked = x * valid[0, first : first + count]
        seen = np.concatenate([contexts[layer, 0], masked])  # [LEFT + RIGHT + S, ...]
        taps = weights(32 + layer, LEFT + RIGHT + 1, POST_UNITS)
        total = sum(taps[k] * seen[k : k + count] for k in range(LEFT + RIGHT + 1))
        waiting = np.concatenate([residuals[layer, 0], masked])
        x = np.tanh(total + waiting[:count])
        new_contexts.append(seen[count:][None])
        new_residuals.append(waiting[count:][None])
    return {
        "hidden": x[None],
        "contexts_out": np.stack(new_contexts),
        "residuals_out": np.stack(new_residuals),
    }


def postnet_lstm(
    hidden: Floats, frames: Floats, state_hidden: Floats, state_cell: Floats
) -> dict[str, Array]:
    """A recurrence of no particular kind."""
    state, cell, corrections = state_hidden[0, 0], state_cell[0, 0], []
    for row in hidden[0] @ weights(40, POST_UNITS, LSTM):
        cell = np.float32(0.7) * cell + row
        state = np.tanh(np.float32(0.3) * state + cell)
        corrections.append(state @ weights(41, LSTM, C))
    return {
        "refined": frames + np.stack(corrections),
        "state_hidden_out": state[None, None],
        "state_cell_out": cell[None, None],
    }


def vocoder(mel: Floats, source: Floats, edges: Array, state_0: Floats) -> dict[str, Array]:
    """Each frame's samples depend on CONTEXT frames on either side."""
    by_frame = source.sum(axis=1).reshape(mel.shape[2], HOP)
    new = np.concatenate([mel[0].T, by_frame], axis=1)
    nothing = np.zeros((CONTEXT, MELS + HOP), np.float32)
    x = np.concatenate(
        [nothing[: CONTEXT * edges[0]], state_0[0], new, nothing[: CONTEXT * edges[1]]]
    )
    count = len(x) - 2 * CONTEXT
    total = sum(x[k : k + count] @ weights(50 + k, MELS + HOP, HOP) for k in range(2 * CONTEXT + 1))
    return {"waveform": np.tanh(total).reshape(1, -1), "state_0_out": x[None, count:]}

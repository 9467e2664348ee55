"""The decoder loop: memory -> frames, with the past held in an explicit state.

Source: Li et al. 2020, "RobuTrans", and the PNCA attention of KAN-TTS: each step looks at its own
past inside a band and at the memory a little ahead, so a window of keys and values is all it keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tts_daemon.acoustic.length_regulator import Memory
from tts_daemon.acoustic.window import HIDDEN, MemoryWindow, PastRing, rounded_width
from tts_daemon.runtime.engine import Floats, Graph
from tts_daemon.voices.manifest import Manifest

_BLOCK_STEPS = 16
"""Steps between two moves of the memory window of a loop: copying it costs, a wide one too."""


@dataclass(slots=True)
class DecoderState:
    """What passes from one call to the next; one per clause.

    Attributes:
        memory: The clause's memory.
        past: Keys and values of the newest steps.
        buffers: Inputs and outputs of the bound call of an autoregressive voice; None otherwise.
        step: The next step.
    """

    memory: MemoryWindow
    past: PastRing
    buffers: StepBuffers | None = None
    step: int = 0

    @property
    def remaining(self) -> int:
        """Steps that are still to be made."""
        return self.memory.steps - self.step


@dataclass(slots=True)
class StepBuffers:
    """Arrays that one bound call reads and writes, step after step."""

    previous: Floats  # [1, 1, C]
    step_input: Floats  # [1, 1, decoder_units]
    self_mask: Floats  # [1, W + 1]
    memory_keys: Floats  # [N, H, U, D]
    memory_values: Floats
    memory_mask: Floats  # [1, U]
    frames: Floats  # [1, r, C]
    new_keys: Floats  # [N, H, 1, D]
    new_values: Floats
    block_masks: Floats  # [block, U]
    call: Callable[[], None]


class Decoder:
    """Makes frames, as many steps a call as the voice allows."""

    def __init__(self, decoder: Graph, memory: Graph, manifest: Manifest) -> None:
        """Take the two graphs and the voice's sizes."""
        self._decoder = decoder
        self._memory = memory
        self._sizes = manifest.dimensions
        self._frames_per_step = manifest.frames_per_step
        self._values_per_frame = manifest.values_per_frame
        self._autoregressive = manifest.autoregressive

    def start(self, memory: Memory) -> DecoderState:
        """State before the first step of a clause."""
        state = DecoderState(
            MemoryWindow(self._memory, memory, self._sizes), PastRing(memory.band, self._sizes)
        )
        if self._autoregressive:
            state.buffers = self._bind(state)
        return state

    def decode(self, state: DecoderState, steps: int) -> Floats:
        """Make the next `steps` steps (fewer at the end of the clause).

        Returns:
            [steps x r, C].
        """
        count = min(steps, state.remaining)
        if state.buffers is None:
            return self._at_once(state, count)
        return self._one_by_one(state, state.buffers, count)

    def _at_once(self, state: DecoderState, count: int) -> Floats:
        """All steps in one call: none of them reads the frames of the one before."""
        first, past, memory = state.step, state.past, state.memory
        width = count + rounded_width(memory.band)
        keys, values = self._cache(width), self._cache(width)
        memory.copy_view(first, keys, values)
        outputs = self._decoder.run(
            {
                "previous_frames": np.zeros((1, count, self._values_per_frame), np.float32),
                "step_input": memory.inputs(first, count)[None],
                "self_keys": past.keys,
                "self_values": past.values,
                "self_mask": past.mask(first, count),
                "memory_keys": keys,
                "memory_values": values,
                "memory_mask": memory.mask(first, count, width),
            }
        )
        past.write(first, outputs["new_keys"], outputs["new_values"])
        state.step += count
        frames: Floats = outputs["frames"][0]
        return frames

    def _one_by_one(self, state: DecoderState, buffers: StepBuffers, count: int) -> Floats:
        """One call per step: each one reads the last frame of the step before."""
        past, per_step = state.past, self._frames_per_step
        frames = np.empty((count, per_step, self._values_per_frame), np.float32)
        inputs = state.memory.inputs(state.step, count)
        for index in range(count):
            step = state.step
            if step % _BLOCK_STEPS == 0:
                _move_window(state.memory, buffers, step)
            buffers.step_input[0, 0] = inputs[index]
            buffers.memory_mask[0] = buffers.block_masks[step % _BLOCK_STEPS]
            buffers.call()
            frames[index] = buffers.frames[0]
            buffers.previous[0, 0] = buffers.frames[0, -1]
            place = step % past.width
            past.keys[:, :, place] = buffers.new_keys[:, :, 0]
            past.values[:, :, place] = buffers.new_values[:, :, 0]
            # The next step sees this one, and no longer the one that fell out of its band.
            buffers.self_mask[0, (step - past.band) % past.width] = HIDDEN
            if past.band:
                buffers.self_mask[0, place] = 0
            state.step += 1
        return frames.reshape(count * per_step, self._values_per_frame)

    def _bind(self, state: DecoderState) -> StepBuffers:
        """Allocate the arrays of a clause once and bind the graph to them."""
        sizes, past = self._sizes, state.past
        width = _BLOCK_STEPS + rounded_width(past.band)
        inputs = {
            "previous_frames": np.zeros((1, 1, self._values_per_frame), np.float32),
            "step_input": np.zeros((1, 1, sizes.decoder_units), np.float32),
            "self_keys": past.keys,
            "self_values": past.values,
            "self_mask": past.mask(0, 1),
            "memory_keys": self._cache(width),
            "memory_values": self._cache(width),
            "memory_mask": np.zeros((1, width), np.float32),
        }
        frame_shape = (1, self._frames_per_step, self._values_per_frame)
        outputs = {
            "frames": np.zeros(frame_shape, np.float32),
            "new_keys": self._cache(1),
            "new_values": self._cache(1),
        }
        return StepBuffers(
            previous=inputs["previous_frames"],
            step_input=inputs["step_input"],
            self_mask=inputs["self_mask"],
            memory_keys=inputs["memory_keys"],
            memory_values=inputs["memory_values"],
            memory_mask=inputs["memory_mask"],
            frames=outputs["frames"],
            new_keys=outputs["new_keys"],
            new_values=outputs["new_values"],
            block_masks=np.zeros((_BLOCK_STEPS, width), np.float32),
            call=self._decoder.bind(inputs, outputs),
        )

    def _cache(self, width: int) -> Floats:
        """Room for keys or values of `width` steps."""
        sizes = self._sizes
        return np.zeros(
            (sizes.decoder_layers, sizes.decoder_heads, width, sizes.head_width), np.float32
        )


def _move_window(memory: MemoryWindow, buffers: StepBuffers, step: int) -> None:
    """Let the bound memory begin at `step`."""
    memory.copy_view(step, buffers.memory_keys, buffers.memory_values)
    rows, width = buffers.block_masks.shape
    buffers.block_masks[:] = memory.mask(step, rows, width)

"""The postnet as a stream: refines frames with a little look-ahead and an unlimited past.

Letters: S frames of one call, C values a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts_daemon.runtime.engine import Floats, Graph
from tts_daemon.voices.manifest import Manifest


@dataclass(slots=True)
class PostnetState:
    """What passes from one call to the next; one per clause.

    Attributes:
        contexts, residuals: Of the FSMN layers.
        hidden, cell: Of the LSTM.
        frames: The decoder's newest frames, which wait for their look-ahead [delay, C].
        valid: 1 for each of them that exists, 0 before the first [delay].
    """

    contexts: Floats
    residuals: Floats
    hidden: Floats
    cell: Floats
    frames: Floats
    valid: Floats


class Postnet:
    """Runs the two postnet graphs over chunks of any size."""

    def __init__(self, fsmn: Graph, lstm: Graph, manifest: Manifest) -> None:
        """Take the two graphs and the voice's sizes."""
        self._fsmn = fsmn
        self._lstm = lstm
        self._sizes = manifest.dimensions
        self._values_per_frame = manifest.values_per_frame
        self.delay = manifest.dimensions.postnet_delay

    def start(self) -> PostnetState:
        """State before the first frame of a clause."""
        sizes = self._sizes
        context = (
            sizes.postnet_layers,
            1,
            sizes.postnet_left + sizes.postnet_right,
            sizes.postnet_units,
        )
        residual = (sizes.postnet_layers, 1, sizes.postnet_right, sizes.postnet_units)
        return PostnetState(
            contexts=np.zeros(context, np.float32),
            residuals=np.zeros(residual, np.float32),
            hidden=np.zeros((1, 1, sizes.postnet_lstm_units), np.float32),
            cell=np.zeros((1, 1, sizes.postnet_lstm_units), np.float32),
            frames=np.zeros((self.delay, self._values_per_frame), np.float32),
            valid=np.zeros(self.delay, np.float32),
        )

    def refine(self, state: PostnetState, frames: Floats) -> Floats:
        """Take the next frames [S, C] and return those whose look-ahead is complete, [n, C]."""
        return self._advance(state, frames, np.ones(len(frames), np.float32))

    def drain(self, state: PostnetState) -> Floats:
        """Return the frames that still wait, at the end of a clause."""
        absent = np.zeros((self.delay, self._values_per_frame), np.float32)
        return self._advance(state, absent, np.zeros(self.delay, np.float32))

    def _advance(self, state: PostnetState, frames: Floats, valid: Floats) -> Floats:
        count = len(frames)
        if not count:
            return frames
        all_frames = np.concatenate([state.frames, frames])  # [delay + S, C]
        all_valid = np.concatenate([state.valid, valid])  # [delay + S]
        outputs = self._fsmn.run(
            {
                "frames": frames[None],
                "valid": all_valid[None, :, None],
                "contexts": state.contexts,
                "residuals": state.residuals,
            }
        )
        state.contexts, state.residuals = outputs["contexts_out"], outputs["residuals_out"]
        state.frames, state.valid = all_frames[count:], all_valid[count:]
        # Places before the first frame come out too; the LSTM must not see them.
        first = int(np.argmax(all_valid[:count])) if all_valid[:count].any() else count
        return self._finish(state, outputs["hidden"][:, first:], all_frames[first:count])

    def _finish(self, state: PostnetState, hidden: Floats, frames: Floats) -> Floats:
        """Add the LSTM's correction, [1, n, units] and [n, C] -> [n, C]."""
        if not len(frames):
            return frames
        outputs = self._lstm.run(
            {
                "hidden": hidden,
                "frames": frames[None],
                "state_hidden": state.hidden,
                "state_cell": state.cell,
            }
        )
        state.hidden, state.cell = outputs["state_hidden_out"], outputs["state_cell_out"]
        refined: Floats = outputs["refined"][0]
        return refined

"""The acoustic model's own mels of the corpus, with the teacher's durations, pitch and energy.

A vocoder that is fine-tuned on these learns to make sharp speech of the model's smooth mels.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from tts_daemon.workshop.training.acoustic.data import ItemSource, Moments, make_item
from tts_daemon.workshop.training.acoustic.trainer import forward, new_model, trained_params
from tts_daemon.workshop.training.corpus.corpus import Corpus
from tts_daemon.workshop.training.corpus.features import CLIP, N_MELS
from tts_daemon.workshop.training.states import required_state


@torch.no_grad()
def predict_mels(
    corpus: Corpus, acoustic: Path, target: Path, report: Callable[[str], None]
) -> None:
    """Write normalised mels, float16 [T, n_mels], in the places of the corpus' own.

    Raises:
        CheckpointError: There is no acoustic state.
    """
    state = required_state(acoustic)
    model = new_model(trained_params(state)).eval()
    model.load_state_dict(state["model"])
    collate = ItemSource([], Moments(**state["pitch"]), Moments(**state["energy"])).collate
    predicted = np.zeros((len(corpus.mels), N_MELS), np.float16)
    for count, sentence in enumerate(corpus.sentences):
        frames = forward(model, collate([make_item(corpus, sentence)])).frames
        mels = frames[0, : sentence.label.frames, :N_MELS].clamp(-CLIP, CLIP).numpy()
        predicted[sentence.offset : sentence.offset + len(mels)] = mels.astype(np.float16)
        if count % 500 == 0:
            report(f"predicted {count} of {len(corpus.sentences)} sentences")
    draft = target.with_suffix(".draft.npy")
    np.save(draft, predicted)
    draft.replace(target)

"""A tiny random voice, as a model directory, in torch and as graphs."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.measure.graph_player import SentenceInputs
from tts_daemon.workshop.models.random_voice import make_random_voice
from tts_daemon.workshop.models.voice import TorchVoice


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Threads only get in each other's way on models as small as these."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory in the published layout; not to be changed."""
    return make_random_voice(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def voice(model: Path) -> TorchVoice:
    return load_voice(find_files(model))


@pytest.fixture(scope="session")
def graphs(voice: TorchVoice) -> dict[str, onnx.ModelProto]:
    return export_graphs(voice)


@pytest.fixture
def spoken(voice: TorchVoice) -> SentenceInputs:
    """Twelve symbols, spoken happily."""
    random = np.random.default_rng(1)
    emotion = np.zeros((12, len(voice.tables["emo_category"])), np.float32)
    emotion[:, voice.tables["emo_category"].index("emotion_happy")] = 1
    return SentenceInputs(
        symbols=random.integers(0, 5, (12, 4)),
        emotion=emotion,
        speaker=np.ones((12, 1), np.float32),
    )

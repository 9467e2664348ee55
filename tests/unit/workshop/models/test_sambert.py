"""The acoustic model in torch."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.models.random_voice import acoustic_yaml
from tts_daemon.workshop.models.sambert import Inference, Sambert, SambertConfig, TableSizes
from tts_daemon.workshop.models.sambert.decoder import attention_masks
from tts_daemon.workshop.models.sambert.regulator import frame_symbols
from tts_daemon.workshop.models.voice import TorchVoice


@pytest.fixture
def acoustic(voice: TorchVoice) -> Sambert:
    return voice.acoustic


def sentence(acoustic: Sambert, length: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(seed)
    return (
        torch.randint(0, 5, (1, length, 4)),
        torch.randint(0, 8, (1, length)),
        torch.randn(1, acoustic.config.speaker_units),
    )


def test_published_size() -> None:
    model = Sambert(SambertConfig())
    assert sum(parameter.numel() for parameter in model.parameters()) == 13_385_067


def test_frames_follow_the_rounded_durations(acoustic: Sambert) -> None:
    made = acoustic.infer(*sentence(acoustic, 9, 0))
    assert len(made.frames) == int((made.durations + 0.5).long().sum())
    assert made.frames.shape == made.coarse.shape


def forced(acoustic: Sambert, lengths: list[int]) -> tuple[list[Inference], Tensor, Tensor]:
    """Sentences spoken one by one, and the batch of all of them with their own values forced."""
    inputs = [sentence(acoustic, length, seed) for seed, length in enumerate(lengths)]
    alone = [acoustic.infer(*item) for item in inputs]
    longest = max(lengths)

    def batch(rows: list[Tensor], to: int) -> Tensor:
        padding = [(0, 0) * (row.ndim - 1) + (0, to - len(row)) for row in rows]
        return torch.stack(
            [functional.pad(row, pad) for row, pad in zip(rows, padding, strict=True)]
        )

    durations = [(item.durations + 0.5).long() for item in alone]
    with torch.no_grad():
        made = acoustic(
            batch([item[0][0] for item in inputs], longest),
            batch([item[1][0] for item in inputs], longest),
            torch.cat([item[2] for item in inputs]),
            torch.tensor(lengths),
            durations=batch(durations, longest),
            pitch=batch([item.pitch for item in alone], longest),
            energy=batch([item.energy for item in alone], longest),
            frames=batch([item.coarse for item in alone], max(int(d.sum()) for d in durations)),
        )
    return alone, made.frames, made.melody.pitch


def test_a_batch_with_forced_values_equals_inference(
    acoustic: Sambert, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Training knows whole durations only; let inference take its attention bands from them too.
    predict = acoustic.variance_adaptor.duration_predictor.infer
    monkeypatch.setattr(
        acoustic.variance_adaptor.duration_predictor,
        "infer",
        lambda condition: predict(condition).exp().sub(0.5).floor().add(1).log(),
    )
    alone, frames, pitch = forced(acoustic, [12, 7, 10])
    for row, single in enumerate(alone):
        count = len(single.frames)
        assert torch.allclose(frames[row, :count], single.frames, atol=1e-5)
        assert frames[row, count:].abs().sum() == 0
        assert torch.allclose(pitch[row, : len(single.pitch)], single.pitch, atol=1e-5)


def test_training_reaches_every_parameter(voice: TorchVoice) -> None:
    acoustic = Sambert(voice.acoustic.config)
    symbols, emotion, speaker = sentence(acoustic, 6, 0)
    made = acoustic(
        symbols,
        emotion,
        speaker,
        torch.tensor([6]),
        durations=torch.tensor([[3, 4, 2, 5, 6, 3]]),
        pitch=torch.randn(1, 6),
        energy=torch.randn(1, 6),
        frames=torch.randn(1, 23, acoustic.config.num_mels),
    )
    (
        made.frames.sum()
        + made.melody.log_durations.sum()
        + made.melody.pitch.sum()
        + made.melody.energy.sum()
    ).backward()
    untrained = [
        name
        for name, parameter in acoustic.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]
    assert untrained == []


def test_without_autoregression_the_frames_before_are_not_read(voice: TorchVoice) -> None:
    model = Sambert(replace(voice.acoustic.config, autoregressive=False)).eval()
    symbols, emotion, speaker = sentence(model, 5, 0)
    arguments = {
        "durations": torch.tensor([[3, 4, 2, 5, 6]]),
        "pitch": torch.zeros(1, 5),
        "energy": torch.zeros(1, 5),
    }
    with torch.no_grad():
        first, second = (
            model(symbols, emotion, speaker, torch.tensor([5]), frames=frames, **arguments)
            for frames in (torch.zeros(1, 20, 82), torch.randn(1, 20, 82))
        )
    assert torch.equal(first.frames, second.frames)


def test_emotion_may_be_mixed(acoustic: Sambert) -> None:
    symbols, emotion, speaker = sentence(acoustic, 5, 0)
    weights = functional.one_hot(emotion, acoustic.config.tables.emotion).float()
    by_id, by_weight = (acoustic.infer(symbols, e, speaker) for e in (emotion, weights))
    assert torch.allclose(by_id.frames, by_weight.frames, atol=1e-5)


def test_attention_sees_its_bands_only() -> None:
    past, memory = attention_masks(torch.tensor([1, 2]), 4, torch.tensor([4, 3]))
    seen = past[0, 0] == 0
    assert seen.tolist() == [
        [True, False, False, False],
        [True, True, False, False],
        [False, True, True, False],
        [False, False, True, True],
    ]
    # The second sentence ends after three steps: none of its steps looks at the fourth.
    assert (memory[1, 0] == 0).tolist() == [
        [True, True, True, False],
        [False, True, True, False],
        [False, False, True, False],
        [False, False, False, True],
    ]


def test_frames_know_their_symbol_and_their_place_in_it() -> None:
    index, place, exists = frame_symbols(torch.tensor([[2, 0, 3], [1, 1, 0]]), 6)
    assert index.tolist() == [[0, 0, 2, 2, 2, 0], [0, 1, 0, 0, 0, 0]]
    assert place.tolist() == [[1, 2, 1, 2, 3, 0], [1, 1, 0, 0, 0, 0]]
    assert exists.tolist() == [[1, 1, 1, 1, 1, 0], [1, 1, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("encoder_num_layers", 0),
        ("encoder_num_layers", True),
        ("encoder_num_heads", 7),
        ("decoder_dropout", 1.5),
        ("decoder_prenet_units", []),
        ("embedding_dim", 10**9),
        ("FP", True),
        ("using_byte", True),
    ],
)
def test_impossible_parameters_are_named(key: str, value: object) -> None:
    params = acoustic_yaml(SambertConfig())["Model"]["KanTtsSAMBERT"]["params"]
    with pytest.raises(CheckpointError, match=key):
        SambertConfig.from_config({**params, key: value}, TableSizes())

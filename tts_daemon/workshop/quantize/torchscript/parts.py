"""The graphs of a voice package as torch modules: the same names, inputs and outputs.

Letters as in docs/voice-package.md. Batch is 1 throughout.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, nn

from tts_daemon.workshop.models.hifigan import Generator
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.models.sambert.decoder import MelDecoder
from tts_daemon.workshop.models.sambert.layers import PointwiseConv
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize.torchscript.part import GraphPart

TorchState = tuple[Tensor, Tensor]


def make_parts(voice: TorchVoice) -> dict[str, GraphPart]:
    """All graphs of a voice; the vocoder takes whole sentences."""
    model = copy.deepcopy(voice.acoustic)
    swap_pointwise(model)
    speakers = torch.from_numpy(voice.speaker_table)
    source = ("source",) if voice.vocoder.params.harmonics else ()
    postnet = ("frames", "valid", "contexts", "residuals")
    attention = ("self_keys", "self_values", "self_mask")
    memory = ("memory_keys", "memory_values")
    return {
        "encoder": GraphPart(
            EncoderPart(model, speakers),
            ("symbols", "emotion", "speaker"),
            ("text", "condition", "pitch", "energy"),
        ),
        "variance": GraphPart(
            VariancePart(model),
            ("text", "condition", "pitch", "energy"),
            ("text_augmented", "duration_condition"),
        ),
        "duration": GraphPart(
            DurationPart(model),
            ("previous", "duration_condition", "hidden", "cell"),
            ("log_duration", "hidden_out", "cell_out"),
        ),
        "memory": GraphPart(MemoryPart(model.decoder), ("memory",), ("step_input", *memory)),
        "decoder": GraphPart(
            DecoderPart(model),
            ("previous_frames", "step_input", *attention, *memory, "memory_mask"),
            ("frames", "new_keys", "new_values"),
        ),
        "postnet_fsmn": GraphPart(
            PostnetFsmnPart(model), postnet, ("hidden", "contexts_out", "residuals_out")
        ),
        "postnet_lstm": GraphPart(
            PostnetLstmPart(model),
            ("hidden", "frames", "state_hidden", "state_cell"),
            ("refined", "state_hidden_out", "state_cell_out"),
        ),
        "vocoder": GraphPart(VocoderPart(voice.vocoder), ("mel", *source), ("waveform",)),
    }


def swap_pointwise(module: nn.Module) -> None:
    """Replace the convolutions of kernel 1 by the linear layers that they are, in place."""
    for name, child in module.named_children():
        if isinstance(child, PointwiseConv):
            linear = nn.Linear(child.in_channels, child.out_channels, bias=child.bias is not None)
            with torch.no_grad():
                linear.weight.copy_(child.weight[:, :, 0])
                if child.bias is not None:
                    linear.bias.copy_(child.bias)
            setattr(module, name, linear.eval())
        else:
            swap_pointwise(child)


class EncoderPart(nn.Module):
    """Text, condition and contours."""

    def __init__(self, model: Sambert, speakers: Tensor) -> None:
        super().__init__()
        self.text_encoder = model.text_encoder
        self.pitch_predictor = model.variance_adaptor.pitch_predictor
        self.energy_predictor = model.variance_adaptor.energy_predictor
        self.speakers: Tensor
        self.emotions: Tensor
        self.register_buffer("speakers", speakers)
        self.register_buffer("emotions", model.emo_tokenizer.weight.detach())

    def forward(self, symbols: Tensor, emotion: Tensor, speaker: Tensor) -> tuple[Tensor, ...]:
        """[1, L, 4], [1, L, E], [1, L, K] -> [1, L, P], [1, L, G], [1, L], [1, L]."""
        text = self.text_encoder(symbols)
        mixed = [torch.matmul(speaker, self.speakers), torch.matmul(emotion, self.emotions)]
        condition = torch.cat(mixed, dim=-1)
        known = torch.cat([text, condition], dim=-1)
        return text, condition, self.pitch_predictor(known), self.energy_predictor(known)


class VariancePart(nn.Module):
    """Contours into the text, and the condition's part of the duration predictor's first layer."""

    def __init__(self, model: Sambert) -> None:
        super().__init__()
        adaptor, config = model.variance_adaptor, model.config
        self.pitch_emb, self.energy_emb = adaptor.pitch_emb, adaptor.energy_emb
        width = config.encoder_projection_units + config.condition_units
        lstm, prenet_width = adaptor.duration_predictor.lstm, config.dur_pred_prenet_units[-1]
        self.condition = nn.Linear(width, 4 * config.dur_pred_lstm_units)
        with torch.no_grad():
            self.condition.weight.copy_(cast("Tensor", lstm.weight_ih_l0)[:, prenet_width:])
            self.condition.bias.copy_(_bias(lstm, 0))

    def forward(
        self, text: Tensor, condition: Tensor, pitch: Tensor, energy: Tensor
    ) -> tuple[Tensor, ...]:
        """[1, L, P], [1, L, G], [1, L], [1, L] -> [1, L, P], [1, L, 4 x units]."""
        contours = self.pitch_emb(pitch.unsqueeze(1)) + self.energy_emb(energy.unsqueeze(1))
        augmented = text + contours.transpose(1, 2)
        return augmented, self.condition(torch.cat([augmented, condition], dim=-1))


def _bias(lstm: nn.LSTM, layer: int) -> Tensor:
    bias: Tensor = getattr(lstm, f"bias_ih_l{layer}") + getattr(lstm, f"bias_hh_l{layer}")
    return bias


class DurationPart(nn.Module):
    """One symbol's duration: two LSTM cells."""

    def __init__(self, model: Sambert) -> None:
        super().__init__()
        predictor, config = model.variance_adaptor.duration_predictor, model.config
        units, prenet_width = config.dur_pred_lstm_units, config.dur_pred_prenet_units[-1]
        self.prenet, self.fc = predictor.prenet, predictor.fc
        self.first = nn.Linear(prenet_width + units, 4 * units, bias=False)
        self.second = nn.Linear(2 * units, 4 * units)
        lstm = predictor.lstm
        with torch.no_grad():
            of_input = cast("Tensor", lstm.weight_ih_l0)[:, :prenet_width]
            self.first.weight.copy_(torch.cat([of_input, cast("Tensor", lstm.weight_hh_l0)], 1))
            both = [cast("Tensor", lstm.weight_ih_l1), cast("Tensor", lstm.weight_hh_l1)]
            self.second.weight.copy_(torch.cat(both, 1))
            self.second.bias.copy_(_bias(lstm, 1))

    def forward(
        self, previous: Tensor, duration_condition: Tensor, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, ...]:
        """[1, 1], [1, 4 x units], [2, 1, units], [2, 1, units] -> the same, without the second."""
        x = torch.cat([self.prenet(previous), hidden[0]], dim=-1)
        low = _lstm_cell(self.first(x) + duration_condition, cell[0])
        high = _lstm_cell(self.second(torch.cat([low[0], hidden[1]], dim=-1)), cell[1])
        log_duration = torch.relu(self.fc(high[0]))
        return log_duration, torch.stack([low[0], high[0]]), torch.stack([low[1], high[1]])


def _lstm_cell(gates: Tensor, cell: Tensor) -> TorchState:
    into, forget, new, out = gates.chunk(4, -1)
    cell = torch.sigmoid(forget) * cell + torch.sigmoid(into) * torch.tanh(new)
    return torch.sigmoid(out) * torch.tanh(cell), cell


class MemoryPart(nn.Module):
    """What is projected of the memory once per sentence."""

    def __init__(self, decoder: MelDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, memory: Tensor) -> tuple[Tensor, ...]:
        """[1, S, M] -> [1, S, units], [N, H, S, D], [N, H, S, D]."""
        step_input, projected = self.decoder.project_memory(memory)
        keys = torch.cat([key for key, _ in projected])
        return step_input * self.decoder.scale, keys, torch.cat([value for _, value in projected])


class DecoderPart(nn.Module):
    """Some steps of the decoder."""

    def __init__(self, model: Sambert) -> None:
        super().__init__()
        self.decoder = model.decoder
        self.layers, self.autoregressive = (
            model.config.decoder_num_layers,
            model.config.autoregressive,
        )
        self.values = model.config.num_mels

    def forward(
        self,
        previous_frames: Tensor,
        step_input: Tensor,
        self_keys: Tensor,
        self_values: Tensor,
        self_mask: Tensor,
        memory_keys: Tensor,
        memory_values: Tensor,
        memory_mask: Tensor,
    ) -> tuple[Tensor, ...]:
        """See docs/voice-package.md."""
        places = range(self.layers)
        past = [(self_keys[i : i + 1], self_values[i : i + 1]) for i in places]
        memory = [(memory_keys[i : i + 1], memory_values[i : i + 1]) for i in places]
        if not self.autoregressive:
            previous_frames = previous_frames * 0
        # The package's step input is scaled already, as the ONNX graphs want it.
        own = step_input / self.decoder.scale
        frames, new = self.decoder(previous_frames, own, past, memory, self_mask, memory_mask)
        keys = torch.cat([key for key, _ in new])
        values = torch.cat([value for _, value in new])
        return frames.reshape(1, -1, self.values), keys, values


class PostnetFsmnPart(nn.Module):
    """The postnet's FSMN as a stream; each layer delays by what it looks ahead."""

    def __init__(self, model: Sambert) -> None:
        super().__init__()
        self.fsmn = model.mel_postnet.fsmn
        self.left, self.right = self.fsmn.blocks[0].left, self.fsmn.blocks[0].right

    def forward(
        self, frames: Tensor, valid: Tensor, contexts: Tensor, residuals: Tensor
    ) -> tuple[Tensor, ...]:
        """See docs/voice-package.md."""
        layers, reach, right = len(self.fsmn.blocks), self.left + self.right, self.right
        x, new_contexts, new_residuals = frames, [], []
        for index, block in enumerate(self.fsmn.blocks):
            start, count = (layers - index) * right, frames.shape[1]
            context = self.fsmn.ffn_lst[index](x) * valid[:, start : start + count]
            seen = torch.cat([contexts[index], context], dim=1)
            output = block.conv_dw(seen.transpose(1, 2)).transpose(1, 2)
            output = output + seen[:, self.left : self.left + count]
            new_contexts.append(seen[:, -reach:])
            if self.fsmn.residual[index]:
                delayed = torch.cat([residuals[index], x], dim=1)
                output = output + delayed[:, :count]
                new_residuals.append(delayed[:, count:])
            else:
                new_residuals.append(residuals[index])
            x = output
        return x, torch.stack(new_contexts), torch.stack(new_residuals)


class PostnetLstmPart(nn.Module):
    """The postnet's LSTM as a stream."""

    def __init__(self, model: Sambert) -> None:
        super().__init__()
        self.lstm, self.fc = model.mel_postnet.lstm, model.mel_postnet.fc

    def forward(
        self, hidden: Tensor, frames: Tensor, state_hidden: Tensor, state_cell: Tensor
    ) -> tuple[Tensor, ...]:
        """See docs/voice-package.md."""
        output, state = self.lstm(hidden, (state_hidden, state_cell))
        return frames + self.fc(output), state[0], state[1]


class VocoderPart(nn.Module):
    """The vocoder, over a whole sentence."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, mel: Tensor, source: Tensor | None = None) -> tuple[Tensor]:
        """[1, n_mels, T], [1, H, N] -> [1, N]."""
        waveform: Tensor = self.generator(mel, source)
        return (waveform[:, 0],)

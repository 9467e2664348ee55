"""Takes the weights of a trained voice out of its package again, so that training can go on.

A package holds all that was learnt, in the form that inference wants: INT8, merged, reordered. This
undoes it layer by layer; what rounding to INT8 lost (half a step) the first minutes of training
find again. It is the inverse of `workshop.export` for the sizes of the embedded voice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.export.int8_products import EXACT_BIAS
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.training.acoustic.data import SEMITONES, Moments

Floats = NDArray[np.float32]

ACOUSTIC_GRAPHS = (
    "encoder", "variance", "duration", "memory", "decoder", "postnet_fsmn", "postnet_lstm",
)  # fmt: skip
# ONNX orders the gates input, output, forget, cell; torch input, forget, cell, output.
_GATES = (0, 2, 3, 1)


class Constants:
    """The constants of some graphs, INT8 ones as numbers again."""

    def __init__(self, package: Path, graphs: tuple[str, ...]) -> None:
        """Read the graphs of a package.

        Raises:
            CheckpointError: One is missing.
        """
        self._values: dict[str, Mapping[str, NDArray[np.generic]]] = {}
        for graph in graphs:
            path = package / f"{graph}.onnx"
            if not path.is_file():
                raise CheckpointError(f"{path}: no such graph; is {package} an ONNX voice package?")
            initializers = onnx.load(path).graph.initializer
            self._values[graph] = {i.name: numpy_helper.to_array(i) for i in initializers}

    def plain(self, graph: str, name: str) -> Floats:
        """A constant as it stands.

        Raises:
            CheckpointError: The graph has no such constant.
        """
        if name not in self._values[graph]:
            raise CheckpointError(f"{graph}.onnx: no constant {name}; it is of another size")
        return np.asarray(self._values[graph][name], dtype=np.float32)

    def weight(self, graph: str, name: str, axis: int = 1) -> Floats:
        """Weight of a node; `axis` is that of the output channels."""
        if f"{name}.weight" in self._values[graph]:
            return self.plain(graph, f"{name}.weight")
        quantized = self.plain(graph, f"{name}.weight_quantized")
        shape = [-1 if place == axis else 1 for place in range(quantized.ndim)]
        return quantized * self.plain(graph, f"{name}.weight_scale").reshape(shape)

    def bias(self, graph: str, name: str) -> Floats:
        """Bias of a node."""
        for stored in (f"{name}.bias", f"{name}.{EXACT_BIAS}"):
            if stored in self._values[graph]:
                return self.plain(graph, stored)
        scale = self.plain(graph, f"{name}.bias_quantized_scale")
        return self.plain(graph, f"{name}.bias_quantized") * scale

    def lstm_weight(self, graph: str, name: str, part: str, direction: int) -> Floats:
        """`input` or `recurrence` weight of one direction, [4 x units, in], torch's gates."""
        stored = {"input": "weight_ih_l0", "recurrence": "weight_hh_l0"}[part]
        if f"{name}.{stored}" in self._values[graph]:
            return _torch_gates(self.plain(graph, f"{name}.{stored}")[direction])
        weight = self.plain(graph, f"{name}.{part}.weight")[direction]
        return _torch_gates((weight * self.plain(graph, f"{name}.{part}.scale")[direction]).T)


def _torch_gates(value: Floats) -> Floats:
    gates = np.split(value, 4)
    return np.concatenate([gates[index] for index in _GATES])


class _Writer:
    """Collects the parameters of one model under their published names."""

    def __init__(self, constants: Constants) -> None:
        self.constants = constants
        self.state: dict[str, Tensor] = {}

    def put(self, name: str, value: Floats) -> None:
        self.state[name] = torch.from_numpy(np.array(value, dtype=np.float32, order="C"))

    def linear(self, name: str, graph: str, node: str, *, bias: bool = True) -> None:
        self.put(f"{name}.weight", self.constants.weight(graph, node).T)
        if bias:
            self.put(f"{name}.bias", self.constants.bias(graph, node))

    def norm(self, name: str, graph: str, node: str) -> None:
        for part in ("weight", "bias"):
            self.put(f"{name}.{part}", self.constants.plain(graph, f"{node}.{part}"))

    def query(self, name: str, graph: str, node: str, head_width: int) -> None:
        """Query, key and value; the graph's queries are divided by the root of the head's width."""
        weight, bias = self.constants.weight(graph, node).T.copy(), self.constants.bias(graph, node)
        rows = len(weight) // 3
        bias = bias.copy()
        weight[:rows] *= np.sqrt(head_width)
        bias[:rows] *= np.sqrt(head_width)
        self.put(f"{name}.weight", weight)
        self.put(f"{name}.bias", bias)

    def lstm(self, name: str, graph: str, node: str, suffixes: tuple[str, ...]) -> None:
        for direction, suffix in enumerate(suffixes):
            for part, stored in (("input", "ih"), ("recurrence", "hh")):
                weight = self.constants.lstm_weight(graph, node, part, direction)
                self.put(f"{name}.weight_{stored}_l0{suffix}", weight)
            both = np.split(self.constants.plain(graph, f"{node}.bias")[direction], 2)
            for stored, bias in zip(("ih", "hh"), both, strict=True):
                self.put(f"{name}.bias_{stored}_l0{suffix}", _torch_gates(bias))

    def fsmn(self, name: str, graph: str, node: str, layers: int) -> None:
        for layer in range(layers):
            self.linear(f"{name}.ffn_lst.{layer}.w_1", graph, f"{node}.ffn_lst.{layer}.w_1")
            self.linear(
                f"{name}.ffn_lst.{layer}.w_2", graph, f"{node}.ffn_lst.{layer}.w_2", bias=False
            )
            filters = f"memory_block_lst.{layer}.conv_dw"
            self.put(
                f"{name}.{filters}.weight",
                self.constants.weight(graph, f"{node}.{filters}", axis=0),
            )


def recovered_moments(package: Path, measured: tuple[Moments, Moments]) -> dict[str, Any]:
    """Pitch and energy of a training state; what the package does not tell was measured again.

    Args:
        package: The voice package.
        measured: Of pitch and energy, on the corpus that training goes on with.

    Raises:
        CheckpointError: The package does not say how wide its pitch is.
    """
    pitch, energy = measured
    manifest = json.loads((package / "voice.json").read_text(encoding="utf-8"))
    per_semitone = manifest.get("pitch_per_semitone")
    if not per_semitone:
        raise CheckpointError(f"{package}/voice.json: no pitch_per_semitone; not a voice of ours")
    exact = Moments(pitch.mean, 1.0 / SEMITONES / per_semitone)
    return {"pitch": asdict(exact), "energy": asdict(energy), "step": 0}


def recover_acoustic(package: Path, model: Sambert) -> None:
    """Load the weights of a package's acoustic model into `model`, which has its sizes.

    Raises:
        CheckpointError: The package is another kind of voice, or of another size.
    """
    writer = _Writer(Constants(package, ACOUSTIC_GRAPHS))
    _encoder(writer, model)
    _variance(writer, model)
    _decoder(writer, model)
    config = model.config
    writer.fsmn("mel_postnet.fsmn", "postnet_fsmn", "fsmn", config.postnet_fsmn_num_layers)
    writer.lstm("mel_postnet.lstm", "postnet_lstm", "lstm", ("",))
    writer.linear("mel_postnet.fc", "postnet_lstm", "fc")
    load_found(model, writer.state, package)


def _encoder(writer: _Writer, model: Sambert) -> None:
    config, constants = model.config, writer.constants
    units = config.encoder_num_units
    for table in ("sy_emb", "tone_emb", "syllable_flag_emb", "ws_emb"):
        rows = constants.plain("encoder", f"{table}.weight")
        writer.put(f"text_encoder.{table}.weight", rows / np.float32(np.sqrt(units)))
    for table in ("spk_tokenizer", "emo_tokenizer"):
        writer.put(f"{table}.weight", constants.plain("encoder", f"{table}.weight"))
    for layer in range(config.encoder_num_layers):
        node, name = f"fft.{layer}", f"text_encoder.ling_enc.fft.{layer}"
        for part in ("slf_attn.layer_norm", "pos_ffn.layer_norm"):
            writer.norm(f"{name}.{part}", "encoder", f"{node}.{part}")
        head_width = units // config.encoder_num_heads
        writer.query(f"{name}.slf_attn.w_qkv", "encoder", f"{node}.slf_attn.w_qkv", head_width)
        for part in ("slf_attn.fc", "pos_ffn.w_1", "pos_ffn.w_2"):
            writer.linear(f"{name}.{part}", "encoder", f"{node}.{part}")
        # The graph reads a row beside its neighbours: [out, kernel x in] -> [out, in, kernel].
        side_by_side = writer.state[f"{name}.pos_ffn.w_1.weight"]
        kernel = side_by_side.shape[1] // units
        by_tap = side_by_side.reshape(-1, kernel, units)
        writer.state[f"{name}.pos_ffn.w_1.weight"] = by_tap.transpose(1, 2).contiguous()
    writer.norm("text_encoder.ling_enc.ln", "encoder", "ling_enc.ln")
    writer.linear("text_encoder.ling_proj", "encoder", "ling_proj", bias=False)


def _variance(writer: _Writer, model: Sambert) -> None:
    config, constants = model.config, writer.constants
    adaptor, both = "variance_adaptor", ("", "_reverse")
    for contour in ("pitch", "energy"):
        node, name = f"{contour}_predictor", f"{adaptor}.{contour}_predictor"
        layers = config.predictor_fsmn_num_layers
        writer.fsmn(f"{name}.fsmn", "encoder", f"{node}.fsmn", layers)
        writer.lstm(f"{name}.blstm", "encoder", f"{node}.blstm", both)
        writer.linear(f"{name}.fc", "encoder", f"{node}.fc")
    filters = constants.weight("variance", "contour_emb", axis=0)
    bias = constants.bias("variance", "contour_emb")
    for channel, contour in enumerate(("pitch", "energy")):
        writer.put(f"{adaptor}.{contour}_emb.weight", filters[:, channel : channel + 1])
        writer.put(f"{adaptor}.{contour}_emb.bias", bias if channel == 0 else 0 * bias)
    name, node = f"{adaptor}.duration_predictor", "duration_predictor"
    for index in range(len(config.dur_pred_prenet_units)):
        part = f"prenet.fcs.{3 * index}"
        writer.linear(f"{name}.{part}", "duration", f"{node}.{part}")
    writer.linear(f"{name}.fc", "duration", f"{node}.fc")
    condition = constants.weight("variance", f"{node}.condition").T
    biases = (
        constants.bias("variance", f"{node}.condition"),
        constants.bias("duration", f"{node}.lstm.1"),
    )
    widths = (config.dur_pred_prenet_units[-1], config.dur_pred_lstm_units)
    for layer, (width, bias) in enumerate(zip(widths, biases, strict=True)):
        weight = constants.weight("duration", f"{node}.lstm.{layer}").T
        from_below = weight[:, :width]
        if layer == 0:
            from_below = np.concatenate([from_below, condition], axis=1)
        writer.put(f"{name}.lstm.weight_ih_l{layer}", from_below)
        writer.put(f"{name}.lstm.weight_hh_l{layer}", weight[:, width:])
        writer.put(f"{name}.lstm.bias_ih_l{layer}", bias)
        writer.put(f"{name}.lstm.bias_hh_l{layer}", 0 * bias)


def _decoder(writer: _Writer, model: Sambert) -> None:
    config, constants, decoder = model.config, writer.constants, model.decoder
    units, top = config.decoder_num_units, "mel_decoder.mel_dec"
    scale = np.float32(decoder.scale)
    from_memory = constants.weight("memory", "dec_in_proj.memory").T / scale
    # What the prenet adds is no part of a voice whose prenet is zero.
    from_prenet = np.zeros((units, decoder.dec_in_proj.in_features - from_memory.shape[1]))
    writer.put(f"{top}.dec_in_proj.weight", np.concatenate([from_memory, from_prenet], axis=1))
    writer.put(f"{top}.dec_in_proj.bias", constants.bias("memory", "dec_in_proj.memory") / scale)
    layers = config.decoder_num_layers
    weights = np.split(constants.weight("memory", "pnca.w_h_kv").T, layers)
    biases = np.split(constants.bias("memory", "pnca.w_h_kv"), layers)
    for layer in range(layers):
        node, name = f"pnca.{layer}", f"{top}.pnca.{layer}"
        attention = f"{name}.pnca_attn"
        writer.put(f"{attention}.w_h_kv.weight", weights[layer])
        writer.put(f"{attention}.w_h_kv.bias", biases[layer])
        head_width = units // config.decoder_num_heads
        writer.query(f"{attention}.w_x_qkv", "decoder", f"{node}.pnca_attn.w_x_qkv", head_width)
        output = constants.weight("decoder", f"{node}.pnca_attn.fc").T
        bias = constants.bias("decoder", f"{node}.pnca_attn.fc")
        for part, columns, share in (
            ("x", output[:, :units], bias),
            ("h", output[:, units:], 0 * bias),
        ):
            writer.put(f"{attention}.fc_{part}.weight", columns)
            writer.put(f"{attention}.fc_{part}.bias", share)
        for part in ("pnca_attn.layer_norm", "pos_ffn.layer_norm"):
            writer.norm(f"{name}.{part}", "decoder", f"{node}.{part}")
        for part in ("pos_ffn.w_1", "pos_ffn.w_2"):
            writer.linear(f"{name}.{part}", "decoder", f"{node}.{part}")
    writer.norm(f"{top}.ln", "decoder", "mel_dec.ln")
    writer.linear(f"{top}.dec_out_proj", "decoder", "dec_out_proj")


def load_found(model: nn.Module, found: dict[str, Tensor], package: Path) -> None:
    """Load what was found into `model`; what was not found stays as it is.

    Raises:
        CheckpointError: A parameter is of another size.
    """
    state = model.state_dict()
    for name, value in found.items():
        if name not in state or value.numel() != state[name].numel():
            raise CheckpointError(f"{package}: {name} is of another size than this training's")
        state[name] = value.reshape(state[name].shape)
    model.load_state_dict(state)

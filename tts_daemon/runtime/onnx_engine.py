"""ONNX Runtime: the one place that calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from tts_daemon.errors import VoiceError
from tts_daemon.runtime.engine import Array, GraphOptions

_ERRORS_ONLY = 3
_STATE = "state_"
_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8}


class OnnxEngine:
    """Loads ONNX files on the CPU."""

    def load(self, path: Path, options: GraphOptions) -> OnnxGraph:
        """See `Engine`."""
        # Its exceptions share no class below Exception.
        try:
            session = onnxruntime.InferenceSession(
                str(path), _session_options(options), providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise VoiceError(
                f"{path}: cannot be loaded ({_first_line(error)}); `tts-voices verify` tells more"
            ) from error
        return OnnxGraph(session, path.name)


class OnnxGraph:
    """One ONNX Runtime session."""

    def __init__(self, session: onnxruntime.InferenceSession, name: str) -> None:
        """Wrap a session; `name` stands in messages."""
        self._session = session
        self._name = name
        self._outputs = [item.name for item in session.get_outputs()]
        # Asked of the session once: a vocoder has some hundred, and every clause begins with them.
        self._empty = {
            item.name: np.zeros(
                [size if isinstance(size, int) else 0 for size in item.shape], _TYPES[item.type]
            )
            for item in session.get_inputs()
            if item.name.startswith(_STATE)
        }
        self._widths = {
            item.name: item.shape[-1] if item.shape and isinstance(item.shape[-1], int) else 0
            for item in [*session.get_inputs(), *session.get_outputs()]
        }

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See `Graph`."""
        try:
            values = self._session.run(self._outputs, inputs)
        except Exception as error:
            raise self._refused(error) from error
        return dict(zip(self._outputs, values, strict=True))

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        """See `Graph`."""
        binding = self._session.io_binding()
        # On the CPU an OrtValue shares the array's memory: writing to the array is enough.
        value = onnxruntime.OrtValue.ortvalue_from_numpy
        try:
            for name, array in inputs.items():
                binding.bind_ortvalue_input(name, value(array))
            for name, array in outputs.items():
                binding.bind_ortvalue_output(name, value(array))
        except Exception as error:
            raise self._refused(error) from error

        def call() -> None:
            try:
                self._session.run_with_iobinding(binding)
            except Exception as error:
                raise self._refused(error) from error

        return call

    def _refused(self, error: Exception) -> VoiceError:
        return VoiceError(f"{self._name}: refuses its inputs ({_first_line(error)}); convert again")

    def empty_states(self) -> dict[str, Array]:
        """See `Graph`."""
        return dict(self._empty)

    def width(self, name: str) -> int:
        """See `Graph`."""
        return self._widths[name]


def _session_options(options: GraphOptions) -> onnxruntime.SessionOptions:
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = options.threads
    chosen.inter_op_num_threads = 1
    chosen.log_severity_level = _ERRORS_ONLY
    # In the default order a stream's states are cut out last, which keeps all layers' values alive:
    # this one does it at once, and needs 60 MB less for a voice of the published size.
    chosen.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
    # A plan is kept for every shape ever seen: with free shapes that is a leak.
    chosen.enable_mem_pattern = options.few_shapes
    # Waiting threads would spin, and warm a Pi that has nothing to say.
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return chosen


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]

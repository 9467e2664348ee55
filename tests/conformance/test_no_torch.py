"""The runtime never imports the workshop's libraries, not even while it speaks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODELS = Path(__file__).parents[1] / "data"

SPEAK = """
import sys
from pathlib import Path
from tts_daemon.domain import Style
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.store import VoiceStore

pool = VoicePool(VoiceStore([Path(sys.argv[1])], "tiny_voice"), OnnxEngine(), threads=1)
synthesizer = Synthesizer(Frontend(), pool)
spoken = sum(chunk.duration_s for chunk in synthesizer.stream("你好，世界。", Style()))
workshop = {name.partition(".")[0] for name in sys.modules} & {"torch", "onnx", "modelscope"}
print(spoken > 0.1, sorted(workshop), "tts_daemon.workshop" in sys.modules)
"""


def test_speaking_needs_numpy_and_onnxruntime_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAK, str(MODELS)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "True [] False", done.stderr

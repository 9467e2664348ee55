"""The house keeps its own rules: what import contracts cannot say."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tts_daemon"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
WORKSHOP_DOORS = ("workshop/", "runtime/torch_engine.py", "cli/")
"""Modules that may, or whose command may, import torch."""
MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 60


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_the_architecture_names_every_module_once() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = Counter(re.findall(r"^- `([\w/]+\.py)`:", text, flags=re.MULTILINE))
    known = {
        relative(path) if "/" in relative(path) else f"tts_daemon/{path.name}" for path in MODULES
    }
    assert named == Counter(known), "run scripts/list-modules"


@pytest.fixture(scope="module")
def runtime_imports() -> list[str]:
    """Everything that is loaded once all modules of the runtime are, and the number of threads."""
    runtime = [dotted(path) for path in MODULES if not relative(path).startswith(WORKSHOP_DOORS)]
    code = (
        "import importlib, sys, threading\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(threading.active_count(), *sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, *runtime, "tts_daemon.cli.daemon", "tts_daemon.cli.say_local"],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return process.stdout.split()


def test_the_runtime_never_imports_the_workshops_libraries(runtime_imports: list[str]) -> None:
    top_level = {name.partition(".")[0] for name in runtime_imports}
    assert "onnxruntime" in top_level
    assert not {"torch", "onnx", "modelscope"} & top_level
    assert not [name for name in runtime_imports if name.startswith("tts_daemon.workshop")]


def test_nothing_is_started_at_import(runtime_imports: list[str]) -> None:
    assert runtime_imports[0] == "1"


def test_what_begins_with_an_underscore_is_its_packages_own() -> None:
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and "._" in (node.module or ""):
                owner = str(node.module).partition("._")[0]
                assert dotted(path).startswith(f"{owner}."), f"{relative(path)}: {node.module}"


def test_every_command_has_its_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for command, target in project["scripts"].items():
        module, _, function = target.partition(":")
        spec = importlib.util.find_spec(module)
        assert spec, f"{command}: {module} does not exist"
        tree = ast.parse(Path(str(spec.origin)).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_modules_are_short_and_say_what_they_are() -> None:
    assert list(offences()) == []


def offences() -> Iterator[str]:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        if not ast.get_docstring(tree):
            yield f"{relative(path)} has no docstring"
        if len(text.splitlines()) > MAX_FILE_LINES:
            yield f"{relative(path)} has more than {MAX_FILE_LINES} lines"
        for node in ast.walk(tree):
            is_function = isinstance(node, ast.FunctionDef)
            if is_function and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES:
                yield f"{relative(path)}: {node.name} has more than {MAX_FUNCTION_LINES} lines"


def test_a_doors_room_is_entered_by_its_face() -> None:
    face = {"door", "http.desk", "http.encoding", "mqtt.probe", "socket.address", "socket.render"}
    wrong = []
    for path in MODULES:
        room = path.parent.name if path.parent.parent.name == "inputs" else ""
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"from tts_daemon\.inputs\.(\w+)(?:\.(\w+))? import (\w+)", text):
            owner, module = found[1], found[2] or found[3]
            if not (PACKAGE / "inputs" / owner).is_dir() or owner == room:
                continue
            if room or not {module, f"{owner}.{module}"} & face:
                wrong.append(f"{relative(path)}: {found[0]}")
    assert wrong == []

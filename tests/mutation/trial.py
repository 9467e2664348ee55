"""One mutant tried: do the tests of its module notice it?

A trial is a fork of this process, which has everything loaded that does not depend on the module,
so that it takes no longer than the tests themselves.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception")
FORBEAR_S = 5.0
"""What a mutant may take beyond a multiple of the time without a mistake."""
ANSWERS = {0: "survived", 1: "killed", 2: "killed", None: "timeout"}
"""By pytest's exit status; 2: the module cannot even be imported."""


class Tests:
    """The tests of one module, ready to be run over and over.

    Attributes:
        took_s: How long they take with the module as it is.
    """

    def __init__(self, module: Path, tests: list[str]) -> None:
        self._name = ".".join(module.with_suffix("").parts)
        self._tests = tests
        sys.dont_write_bytecode = False
        # No plug-ins but pytest's own: they take longer than the tests.
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        self._load_what_does_not_depend_on_it()
        gc.freeze()
        self.took_s = 60.0
        begun = time.monotonic()
        if (answer := self.judge((CHECKOUT / module).read_text(encoding="utf-8"))) != "survived":
            raise SystemExit(f"{module}: its tests do not pass as it is ({answer})")
        self.took_s = time.monotonic() - begun

    def _load_what_does_not_depend_on_it(self) -> None:
        sys.modules[self._name] = None  # type: ignore[assignment]
        for name in _modules(self._tests):
            with suppress(Exception):
                importlib.import_module(name)
        del sys.modules[self._name]

    def judge(self, source: str) -> str:
        """What the tests say of the module if it were this: survived, killed or timeout."""
        child = os.fork()
        if child == 0:
            self._run(source)
        status = _wait(child, FORBEAR_S + 4 * self.took_s)
        return ANSWERS.get(status, f"pytest ended with {status}")

    def _run(self, source: str) -> None:
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        sys.meta_path.insert(0, _Finder(self._name, source))
        import pytest

        os._exit(pytest.main([*OPTIONS, *self._tests]))


class _Finder:
    """Lets one module be another text than its file has."""

    def __init__(self, name: str, source: str) -> None:
        self._name = name
        self._source = source

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        file = CHECKOUT / Path(*name.split(".")).with_suffix(".py")
        loader = _Loader(name, str(file))
        loader.source = self._source
        return importlib.util.spec_from_file_location(name, file, loader=loader)


class _Loader(SourceFileLoader):
    source = ""

    def get_code(self, fullname: str) -> object:
        return compile(self.source, self.path, "exec")


def _wait(child: int, patience_s: float) -> int | None:
    """The exit status of a child; None if it had to be ended."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) if status >= 0 else None
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _modules(tests: list[str]) -> list[str]:
    """What the tests import, without the tests themselves."""
    script = (
        "import json, sys, pytest\n"
        f"pytest.main(['-q', '-p', 'no:cacheprovider', '--collect-only', *{tests!r}])\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    names = json.loads(ran.stdout.splitlines()[-1])
    return [name for name in names if not name.startswith(("tests", "conftest", "__m"))]

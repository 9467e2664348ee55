"""What every test finds and leaves: a neutral environment, and no silent skip where CI is set."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine is no mistake of the code: nothing here depends on elapsed time.
settings.register_profile(
    "loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("loaded")

NEUTRAL = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
PERSONAL = ("_proxy", "_PROXY")
"""Ends of the variables by which a person's network would come between test and loopback."""
OF_THE_PERSON = ("TTS_DAEMON__", "XDG_", "ALSA_", "PULSE_", "PIPEWIRE_", "LC_", "LANGUAGE")
"""Beginnings of variables that change what the programs under test do."""

SKIPPED_IN_CI = {
    "the kernel is older than 6.3": "it cannot forbid memory that is written and run",
    "this machine has a sound card": "the test is about machines that have none",
}
"""The only reasons to skip where CI is set, and why they are good."""


class Skips:
    """Notes what was skipped, also in the workers of a parallel run: it belongs to their owner."""

    def __init__(self) -> None:
        self._seen: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._seen.append(f"{report.nodeid}: {_reason(report)}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that was skipped as a whole."""
        if report.skipped:
            self._seen.append(f"{report.nodeid}: {_reason(report)}")

    def unwelcome(self) -> list[str]:
        """Those for which there is no listed reason, where CI is set."""
        if not os.environ.get("CI"):
            return []
        return [line for line in self._seen if not any(reason in line for reason in SKIPPED_IN_CI)]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which skips are no good."""
        for line in self.unwelcome():
            terminalreporter.write_line(f"skipped without a listed reason: {line}", red=True)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A skip without a listed reason is a failure."""
        if session.exitstatus == pytest.ExitCode.OK and self.unwelcome():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    """Take the person who runs this out of the environment, before anything reads it."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Skips())
    for name in list(os.environ):
        if name.endswith(PERSONAL) or name.startswith(OF_THE_PERSON):
            del os.environ[name]
    os.environ.update(NEUTRAL)
    time.tzset()
    os.umask(0o022)


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home directory, for children too."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(home))
        yield home


@pytest.fixture(autouse=True)
def _signal_mask() -> Iterator[None]:
    """The daemon holds signals back; children of later tests would inherit that and never end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr
    return str(told[2] if isinstance(told, tuple) else told)

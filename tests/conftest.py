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

_skipped = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Take the person who runs this out of the environment, before anything reads it."""
    config.stash[_skipped] = []
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Note what was skipped."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        item.config.stash[_skipped].append(f"{item.nodeid}: {_reason(report)}")
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note modules that were skipped as a whole."""
    if report.skipped:
        _collected.append(f"{report.nodeid}: {_reason(report)}")


_collected: list[str] = []


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr
    return str(told[2] if isinstance(told, tuple) else told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in CI which skips are no good."""
    for line in _unwelcome(terminalreporter.config):
        terminalreporter.write_line(f"skipped without a listed reason: {line}", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI is set a skip without a listed reason is a failure."""
    if session.exitstatus == pytest.ExitCode.OK and _unwelcome(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unwelcome(config: pytest.Config) -> list[str]:
    if not os.environ.get("CI"):
        return []
    return [
        line
        for line in [*_collected, *config.stash[_skipped]]
        if not any(reason in line for reason in SKIPPED_IN_CI)
    ]

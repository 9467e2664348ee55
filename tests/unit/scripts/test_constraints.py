"""constraints.txt names one version of every library, for every machine and Python."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[3]
TEXT = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in TEXT.splitlines() if not line.startswith("#")]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEBIAN = "systemd"
"""The extra whose library comes from Debian."""
ENVIRONMENTS = [
    {
        "platform_machine": machine,
        "sys_platform": "linux",
        "python_version": python,
        "python_full_version": f"{python}.2",
        "implementation_name": "cpython",
    }
    for machine, python in product(("x86_64", "aarch64"), ("3.11", "3.13"))
]


def holding(requirements: Iterable[Requirement], environment: dict[str, str]) -> list[Requirement]:
    return [each for each in requirements if not each.marker or each.marker.evaluate(environment)]


def name(requirement: Requirement) -> str:
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


def wanted() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    lists = [PROJECT["dependencies"], *(extras[extra] for extra in extras if extra != DEBIAN)]
    return [Requirement(line) for lines in lists for line in lines]


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda env: " ".join(list(env.values())[::2])
)
def test_every_library_has_one_version_that_fits(environment: dict[str, str]) -> None:
    pins = holding(PINS, environment)
    versions = {name(pin): str(pin.specifier).removeprefix("==") for pin in pins}
    assert len(versions) == len(pins)
    for requirement in holding(wanted(), environment):
        if name(requirement) != PROJECT["name"]:
            assert versions[name(requirement)] in requirement.specifier, requirement


def test_only_names_and_versions_stand_there() -> None:
    assert all(re.fullmatch(r"==[\w.]+", str(pin.specifier)) and not pin.url for pin in PINS)


@pytest.mark.parametrize(
    "file", ["scripts/setup.sh", "scripts/install", "scripts/debian/rules", "Containerfile"]
)
def test_whoever_installs_the_program_uses_it(file: str) -> None:
    text = (CHECKOUT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [
        line
        for line in text.splitlines()
        if re.search(r"pip\"? install .*(\$@|source|\[http)", line)
    ]
    assert installs
    assert all("--constraint" in line for line in installs)

"""Settings as YAML for people: defaults with their meaning, or values with their origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import yaml

from tts_daemon.settings.layers import Key
from tts_daemon.settings.loader import Loaded
from tts_daemon.settings.schema import About, PresetSettings, Settings
from tts_daemon.settings.values import describe

MASK = "'********'"


def defaults() -> str:
    """config/default.yaml: every key with its meaning, unit and default."""
    head = "# Every key with its default. Copy the lines that you change to config.yaml.\n"
    return head + "\n".join(_commented(Settings(), 0)) + "\n"


def effective(loaded: Loaded) -> str:
    """Every value in force and where it came from; secrets masked."""
    return "\n".join(_with_origins(loaded.settings, (), loaded)) + "\n"


def _commented(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for item in fields(value):
        child = getattr(value, item.name)
        if is_dataclass(child):
            yield from ["", f"{indent}# {_first_line(child)}"]
            yield f"{indent}{item.name}:"
            yield from _commented(child, depth + 1)
        elif item.name == "presets":
            yield from ["", *_preset_help(), "presets:"]
            yield from _preset_lines(child)
        else:
            known: About = item.metadata["about"]
            expected = describe(known)
            yield f"{indent}# {known.text}" + (f" ({expected})" if expected else "")
            yield f"{indent}{item.name}: {_scalar(child)}"


def _first_line(value: Any) -> str:
    return (type(value).__doc__ or "").splitlines()[0].rstrip(".")


def _preset_help() -> Iterator[str]:
    yield "# Ways of speaking, by name. A new name adds one, a name alone removes it. Keys of each:"
    for item in fields(PresetSettings):
        known: About = item.metadata["about"]
        expected = describe(known)
        yield f"#   {item.name}: {known.text}" + (f" ({expected})" if expected else "")


def _preset_lines(presets: dict[str, PresetSettings]) -> Iterator[str]:
    for name, preset in presets.items():
        given = {
            item.name: getattr(preset, item.name)
            for item in fields(preset)
            if getattr(preset, item.name) is not None
        }
        body = ", ".join(f"{key}: {_scalar(value)}" for key, value in given.items())
        yield f"  {name}: {{{body}}}"


def _with_origins(value: Any, outer: Key, loaded: Loaded) -> Iterator[str]:
    indent = "  " * len(outer)
    for item in fields(value):
        child = getattr(value, item.name)
        key = (*outer, item.name)
        if is_dataclass(child):
            yield f"{indent}{item.name}:"
            yield from _with_origins(child, key, loaded)
        elif item.name == "presets":
            yield f"{indent}{item.name}:"
            yield from _presets_with_origins(child, key, loaded)
        else:
            secret = item.metadata["about"].secret and child
            shown = MASK if secret else _scalar(child)
            yield f"{indent}{item.name}: {shown}  # {_origin(key, loaded)}"


def _presets_with_origins(
    presets: dict[str, PresetSettings], outer: Key, loaded: Loaded
) -> Iterator[str]:
    for line, name in zip(_preset_lines(presets), presets, strict=True):
        yield f"{line}  # {_origin((*outer, name), loaded)}"


def _origin(key: Key, loaded: Loaded) -> str:
    """Where a value came from, or its parts did."""
    places = [where for at, where in loaded.origins.items() if at[: len(key)] == key]
    return ", ".join(dict.fromkeys(places)) or "default"


def _scalar(value: Any) -> str:
    plain = list(value) if isinstance(value, tuple) else value
    if isinstance(plain, float) and plain == int(plain):
        plain = int(plain)
    text: str = yaml.safe_dump(
        plain, default_flow_style=True, allow_unicode=True, width=1000, sort_keys=False
    )
    return text.removesuffix("...\n").strip()

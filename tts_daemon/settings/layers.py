"""Where values come from: YAML files and variables, flattened to one assignment per key."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tts_daemon.errors import SettingsError

PREFIX = "TTS_DAEMON__"

Key = tuple[str, ...]
"""Names from the outermost section to the key: `("mqtt", "tls", "enabled")`."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One value given to one key.

    Attributes:
        key: What is set.
        value: As written: a YAML scalar or list, or None for an empty value.
        origin: File and line, or variable, in words for a message.
        is_text: True when the value is a string only because variables always are.
    """

    key: Key
    value: Any
    origin: str
    is_text: bool = False


def dotted(key: Key) -> str:
    """The key as messages show it."""
    return ".".join(key)


def from_file(path: Path) -> list[Assignment]:
    """Assignments of a YAML file, in the order of the file.

    Raises:
        SettingsError: The file cannot be read, is no YAML, or sets a key twice.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from error
    except RecursionError:
        raise SettingsError(f"{path}: is nested too deeply") from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise SettingsError(f"{path}: must hold sections such as `audio:`, not one value")
    return list(_walk(root, (), path))


def _walk(node: yaml.MappingNode, outer: Key, path: Path) -> Iterator[Assignment]:
    seen: set[Key] = set()
    for name_node, value_node in node.value:
        origin = f"{path}:{name_node.start_mark.line + 1}"
        key = (*outer, str(name_node.value))
        if key in seen:
            raise SettingsError(f"{origin}: {dotted(key)} is set twice")
        seen.add(key)
        if isinstance(value_node, yaml.MappingNode) and value_node.value:
            # An anchor that contains itself would recurse without end.
            if len(key) > 8:
                raise SettingsError(f"{origin}: {dotted(key)} is nested too deeply")
            yield from _walk(value_node, key, path)
        else:
            yield Assignment(key, _construct(value_node, origin), origin)


def _construct(node: yaml.Node, origin: str) -> Any:
    constructor = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{origin}: {error}") from error


def from_environment(environment: Mapping[str, str] | None = None) -> list[Assignment]:
    """Assignments of variables such as `TTS_DAEMON__MQTT__HOST`, in the order of their names."""
    variables = os.environ if environment is None else environment
    return [
        Assignment(
            tuple(part.lower() for part in name.removeprefix(PREFIX).split("__")),
            value,
            name,
            is_text=True,
        )
        for name, value in sorted(variables.items())
        if name.startswith(PREFIX)
    ]

"""Defaults, then a file, then the environment, then secrets: one checked `Settings`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from tts_daemon.errors import SettingsError
from tts_daemon.settings import addresses, broker, layers, places, presets, quiet_hours
from tts_daemon.settings.layers import Assignment, Key, dotted
from tts_daemon.settings.schema import About, PresetSettings, Settings
from tts_daemon.settings.values import convert

SECRETS: dict[Key, tuple[Key, str]] = {
    ("mqtt", "password"): (("mqtt", "password_file"), "mqtt-password"),
    ("http", "token"): (("http", "token_file"), "http-token"),
    ("synthesis", "remote", "token"): (("synthesis", "remote", "token_file"), "remote-token"),
}
"""Secret -> the key that names a file with it, and its systemd credential."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where they came from.

    Attributes:
        settings: Checked and complete.
        origins: Key -> file and line, or variable; keys that are absent have their default.
    """

    settings: Settings
    origins: Mapping[Key, str]


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Loaded:
    """Read the configuration.

    Args:
        file: YAML file; None for the system's, which may be absent.
        environment: Variables to read overrides from; None for those of the process.

    Raises:
        SettingsError: One line per mistake: where it stands, the key, and the nearest known key.
    """
    variables = os.environ if environment is None else environment
    if file is None and places.SYSTEM_CONFIG.exists():
        file = places.SYSTEM_CONFIG
    user = places.user_values(variables).items()
    assignments = [
        *(Assignment(*pair, "no right to write the system's place") for pair in user),
        *(layers.from_file(file) if file else []),
        *layers.from_environment(variables),
    ]
    values, origins = _collect(assignments)
    _add_secrets(values, origins, variables)
    settings = _build(Settings, (), values)
    presets.check(settings)
    quiet_hours.check(settings)
    addresses.check(settings)
    broker.check(settings)
    return Loaded(settings, origins)


def changes(old: Any, new: Any, outer: Key = ()) -> list[str]:
    """Keys whose values differ, dotted, in the order of the schema."""
    found: list[str] = []
    for item in fields(old):
        before, after = getattr(old, item.name), getattr(new, item.name)
        key = (*outer, item.name)
        if is_dataclass(before):
            found += changes(before, after, key)
        elif before != after:
            found.append(dotted(key))
    return found


def _collect(assignments: Iterable[Assignment]) -> tuple[dict[Key, Any], dict[Key, str]]:
    values: dict[Key, Any] = {}
    origins: dict[Key, str] = {}
    mistakes: list[str] = []
    for item in assignments:
        try:
            hint, known = _leaf(item.key)
            is_section = _is_section(hint) and item.value in (None, "", {}, "{}")
            values[item.key] = item.value if is_section else _convert(item, hint, known)
            origins[item.key] = item.origin
        except ValueError as error:
            mistakes.append(f"{item.origin}: {dotted(item.key)}: {error}")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return values, origins


def _convert(item: Assignment, hint: Any, known: About) -> Any:
    if _is_section(hint):
        raise ValueError("is a section; its keys stand below it, indented")
    try:
        return convert(item.value, hint, known, is_text=item.is_text)
    except ValueError as error:
        # The value of a secret must not reach a log by way of a message about it.
        raise (
            ValueError("has the wrong type; put it in quotes") if known.secret else error
        ) from None


def _is_section(hint: Any) -> bool:
    return is_dataclass(hint) or hint in (dict[str, PresetSettings], dict[str, str])


def _leaf(key: Key) -> tuple[Any, About]:
    """Type and description of a key. Raises ValueError for an unknown one."""
    hint: Any = Settings
    known = About("")
    for name in key:
        if hint == dict[str, PresetSettings]:
            hint = PresetSettings
            continue
        if hint == dict[str, str]:
            hint = str
            continue
        if not is_dataclass(hint):
            raise ValueError("takes one value and has no keys below it")
        found = {item.name: item for item in fields(hint)}
        if name not in found:
            raise ValueError(f"unknown key{nearest(key)}")
        known = found[name].metadata.get("about", About(""))
        hint = get_type_hints(hint)[name]
    return hint, known


def nearest(key: Key) -> str:
    """The known key that was perhaps meant, as the end of a sentence."""
    known = list(_keys(Settings, ()))
    if key[0] == "presets" and len(key) > 1:
        known = list(_keys(PresetSettings, key[:2]))
    whole = difflib.get_close_matches(dotted(key), [dotted(item) for item in known], n=1)
    if not whole:
        by_name = {item[-1]: item for item in reversed(known)}
        whole = [dotted(by_name[n]) for n in difflib.get_close_matches(key[-1], by_name, n=1)]
    return f"; did you mean {whole[0]}?" if whole else ""


def _keys(cls: type[Any], outer: Key) -> Iterable[Key]:
    hints = get_type_hints(cls)
    for item in fields(cls):
        key = (*outer, item.name)
        yield key
        if is_dataclass(hints[item.name]):
            yield from _keys(hints[item.name], key)


def _add_secrets(
    values: dict[Key, Any], origins: dict[Key, str], variables: Mapping[str, str]
) -> None:
    for secret, (file_key, credential) in SECRETS.items():
        if values.get(secret):
            continue
        named = values.get(file_key)
        path = Path(named) if named else places.credential(credential, variables)
        if path is None:
            continue
        try:
            values[secret] = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            origin = origins.get(file_key, "credential")
            raise SettingsError(f"{origin}: {dotted(file_key)}: cannot be read: {error}") from error
        origins[secret] = str(path)


def _build(cls: type[Any], outer: Key, values: Mapping[Key, Any]) -> Any:
    hints = get_type_hints(cls)
    given: dict[str, Any] = {}
    for item in fields(cls):
        key = (*outer, item.name)
        if hints[item.name] == dict[str, PresetSettings]:
            given[item.name] = _build_presets(key, values)
        elif hints[item.name] == dict[str, str]:
            given[item.name] = {at[-1]: value for at, value in values.items() if at[:-1] == key}
        elif is_dataclass(hints[item.name]):
            given[item.name] = _build(hints[item.name], key, values)
        elif key in values:
            given[item.name] = values[key]
    return cls(**given)


def _build_presets(outer: Key, values: Mapping[Key, Any]) -> dict[str, PresetSettings]:
    """The built-in presets with what the file and the variables change; an empty one is removed."""
    built_in = {
        (*outer, name, item.name): getattr(preset, item.name)
        for name, preset in Settings().presets.items()
        for item in fields(PresetSettings)
    }
    merged = {**built_in, **{key: value for key, value in values.items() if key[:1] == outer}}
    names = list(dict.fromkeys(key[1] for key in merged if len(key) > 1))
    removed = {key[1] for key, value in merged.items() if len(key) == 2 and value in (None, "")}
    return {
        name: _build(PresetSettings, (*outer, name), merged)
        for name in names
        if name not in removed
    }

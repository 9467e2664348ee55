#!/usr/bin/env python3
"""Home Assistant's app: turns its options into a configuration, and becomes the daemon.

Further arguments are those of tts-daemon.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import secrets
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

INGRESS = "172.30.32.2"
"""Where the supervisor's own proxy asks from; it lets only people of the house in."""
HTTP_PORT = 5000
WYOMING_PORT = 10200
PATIENCE_S = 120.0
Tree = dict[str, Any]


def main() -> None:
    """Write the configuration, and end as the daemon."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--supervisor", default="http://supervisor", help="address of its API")
    parser.add_argument("--data", type=Path, default=Path("/data"), help="what is kept")
    parser.add_argument("--shared", type=Path, default=Path("/config"), help="what people change")
    parser.add_argument("--run", type=Path, default=Path("/run/tts-daemon"), help="until the end")
    parser.add_argument("--user", default="tts", help="who the daemon is")
    options, rest = parser.parse_known_args()
    chosen = json.loads((options.data / "options.json").read_text(encoding="utf-8"))
    broker = _own_broker(chosen) or _supervisors_broker(options.supervisor)
    state = options.data / "tts-daemon"
    state.mkdir(exist_ok=True)
    made = merged(configuration(chosen, broker, state, options.shared), _wishes(options.shared))
    made["socket"] = {"path": str(options.run / "tts.sock"), **made.get("socket", {})}
    file = options.run / "config.yaml"
    # It holds passwords.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        yaml.safe_dump(made, stream, allow_unicode=True)
    if made["wyoming"]["enabled"] and not rest:
        _announce_later(options.supervisor, made["wyoming"]["port"])
    os.environ["LANG"] = {"zh": "zh_CN.UTF-8"}.get(chosen.get("language"), "C.UTF-8")
    _let_go_of_root(options.user, [file, state, *state.rglob("*")])
    os.execvp("tts-daemon", ["tts-daemon", "--config", str(file), *rest])  # noqa: S606, S607


def configuration(chosen: Tree, broker: Tree, state: Path, shared: Path) -> Tree:
    """The daemon's settings.

    Args:
        chosen: The app's options.
        broker: Settings of `mqtt`; empty: there is none.
        state: Directory that outlives the container.
        shared: Directory that people can reach.
    """
    return {
        "voice": {
            "preset": chosen["preset"],
            "models": [str(state / "models"), "/usr/share/tts-daemon/models"],
        },
        "audio": {
            "device": chosen["device"],
            "volume": chosen["volume"],
            "chimes": str(shared / "chimes"),
        },
        "mqtt": {
            "enabled": bool(broker),
            "node": chosen["node"],
            "home_assistant": {"language": chosen["language"]},
            **broker,
        },
        "http": {
            "enabled": True,
            "host": "0.0.0.0",  # noqa: S104  (which ports others reach is the supervisor's matter)
            "port": HTTP_PORT,
            "proxies": [INGRESS],
            "token": chosen.get("http_token") or secrets.token_urlsafe(),
        },
        "wyoming": {"enabled": True, "host": "0.0.0.0", "port": WYOMING_PORT},  # noqa: S104
        "queue": {"journal": str(state / "queue.db")},
        "text": {
            "lexicon": str(shared / "lexicon.yaml"),
            "corrections": str(state / "lexicon.yaml"),
        },
        "synthesis": {"profile": str(state / "tuned.json")},
        "presets": {each["name"]: _preset(each) for each in chosen.get("presets", [])},
        "logging": {"level": chosen["log_level"]},
    }


def _preset(listed: Mapping[str, Any]) -> Tree:
    return {field: value for field, value in listed.items() if field != "name" and value != ""}


def _own_broker(chosen: Tree) -> Tree:
    """The broker that the options name, if they do."""
    if not chosen.get("mqtt_host"):
        return {}
    names = ("host", "port", "username", "password")
    return {name: chosen[f"mqtt_{name}"] for name in names if chosen.get(f"mqtt_{name}")}


def _supervisors_broker(supervisor: str) -> Tree:
    """The broker that another app offers; empty without one."""
    try:
        offered = _ask(f"{supervisor}/services/mqtt")
    except (OSError, ValueError) as error:
        _say(f"no MQTT: the supervisor offers no broker ({error})")
        return {}
    settings = {name: offered[name] for name in ("host", "port") if offered.get(name)}
    for name in ("username", "password"):
        settings[name] = offered.get(name) or ""
    return {**settings, "tls": {"enabled": bool(offered.get("ssl"))}}


def _wishes(shared: Path) -> Tree:
    """Settings that people wrote down themselves."""
    file = shared / "config.yaml"
    if not file.exists():
        return {}
    try:
        wishes = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        sys.exit(f"tts-app: {file}: is no YAML: {error}")
    if not isinstance(wishes, dict | None):
        sys.exit(f"tts-app: {file}: sections are expected, as in default.yaml")
    return wishes or {}


def merged(ours: Tree, theirs: Tree) -> Tree:
    """Both, section by section; theirs wins."""
    both = dict(ours)
    for name, value in theirs.items():
        known = ours.get(name)
        deeper = isinstance(value, dict) and isinstance(known, dict)
        both[name] = merged(known, value) if deeper and known is not None else value
    return both


def _announce_later(supervisor: str, port: int) -> None:
    """Tell Home Assistant of the Wyoming door once it is open, from a process beside the daemon."""
    if os.fork():
        return
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            uri = f"tcp://{socket.gethostname()}:{port}"
            _ask(f"{supervisor}/discovery", {"service": "wyoming", "config": {"uri": uri}})
            os._exit(0)
        except urllib.error.HTTPError as error:
            _say(f"Home Assistant was not told of the voice: {error}")
            os._exit(1)
        except OSError:
            time.sleep(1)
    os._exit(1)


def _ask(url: str, body: Tree | None = None) -> Tree:
    """The data of the supervisor's answer. Raises OSError, ValueError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data)  # noqa: S310  (an address of ours)
    request.add_header("Authorization", f"Bearer {os.environ.get('SUPERVISOR_TOKEN', '')}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        known = json.load(answer)
    if known.get("result") != "ok":
        raise ValueError(known.get("message") or "no result")
    data_of_it: Tree = known.get("data") or {}
    return data_of_it


def _let_go_of_root(name: str, files: list[Path]) -> None:
    """Become the daemon's user, who then owns these files."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(name)
    for file in files:
        os.chown(file, user.pw_uid, user.pw_gid)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = user.pw_dir


def _say(line: str) -> None:
    print(f"tts-app: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

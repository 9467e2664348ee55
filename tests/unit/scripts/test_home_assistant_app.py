"""Home Assistant's app: the supervisor knows its keys, and its options take effect."""

from __future__ import annotations

import getpass
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes import supervisor

from tts_daemon import __version__

CHECKOUT = Path(__file__).parents[3]
APP = CHECKOUT / "scripts" / "home-assistant-app"
CONFIG: dict[str, Any] = yaml.safe_load((APP / "config.yaml").read_text(encoding="utf-8"))
REQUIRED = {"name", "version", "slug", "description", "arch"}
# https://developers.home-assistant.io/docs/apps/configuration
DOCUMENTED = REQUIRED | set(
    re.findall(
        r"\w+",
        """
        machine url startup webui boot ports ports_description host_network host_ipc
        host_dbus host_pid host_uts devices homeassistant hassio_role hassio_api
        homeassistant_api docker_api privileged full_access apparmor map environment
        audio video gpio usb uart udev devicetree kernel_modules stdin legacy options
        schema image timeout tmpfs discovery services ulimits auth_api ingress
        ingress_port ingress_entry ingress_stream panel_icon panel_title panel_admin
        backup backup_pre backup_post backup_exclude advanced stage init watchdog
        realtime journald breaking_versions
        """,
    )
)
TYPE = re.compile(
    r"(bool|email|url|port|device(\(.+\))?|match\(.+\)|list\(.+\)"
    r"|(str|password|int|float)(\([\d.-]*,[\d.-]*\))?)\??"
)
DEFAULTS = CONFIG["options"]


def test_every_key_is_one_that_the_supervisor_knows() -> None:
    assert set(CONFIG) <= DOCUMENTED
    assert set(CONFIG) >= REQUIRED
    assert set(CONFIG["arch"]) <= {"aarch64", "amd64"}
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", CONFIG["slug"])
    assert all(
        re.fullmatch(r"(mqtt|mysql):(provide|want|need)", each) for each in CONFIG["services"]
    )
    assert CONFIG["ports"].keys() == CONFIG["ports_description"].keys()


def test_every_option_has_a_type_and_every_required_one_a_default() -> None:
    schema = CONFIG["schema"]
    flat = {name: kind for name, kind in schema.items() if isinstance(kind, str)}
    inner = schema["presets"][0]
    assert all(TYPE.fullmatch(kind) for kind in [*flat.values(), *inner.values()])
    required = {name for name, kind in flat.items() if not kind.endswith("?")}
    assert required | {"presets"} == set(DEFAULTS)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_option_is_explained(language: str) -> None:
    file = APP / "translations" / f"{language}.yaml"
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert told["configuration"].keys() == CONFIG["schema"].keys()
    assert told["network"].keys() == CONFIG["ports"].keys()
    assert all(each["name"] and each["description"] for each in told["configuration"].values())


def started(
    place: Path, url: str, argument: str = "--print-config", **options: object
) -> tuple[str, dict[str, Any]]:
    """What the daemon says of the configuration that it is given, and that itself."""
    for name in ("data", "config", "run"):
        (place / name).mkdir(exist_ok=True)
    (place / "data" / "options.json").write_text(json.dumps(DEFAULTS | options))
    places = ["--data", place / "data", "--shared", place / "config", "--run", place / "run"]
    whose = ["--user", getpass.getuser()]
    done = subprocess.run(
        [sys.executable, APP / "start.py", "--supervisor", url, *places, *whose, argument],
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "SUPERVISOR_TOKEN": supervisor.TOKEN,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    file = place / "run" / "config.yaml"
    made = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    return f"{done.stdout}{done.stderr}", made


def test_options_and_the_supervisors_broker_become_settings(tmp_path: Path) -> None:
    presets = [{"name": "bedtime", "emotion": "gentle", "speed": 0.8}]
    with supervisor.running(supervisor.BROKER) as known:
        told, made = started(tmp_path, known.url, node="kitchen", volume=40, presets=presets)
    assert "core-mosquitto" in told
    assert supervisor.BROKER["password"] not in told
    assert made["mqtt"] == {
        "enabled": True, "node": "kitchen", "home_assistant": {"language": "zh"},
        "host": "core-mosquitto", "port": 1883, "username": "addons", "password": "geheim",
        "tls": {"enabled": False},
    }  # fmt: skip
    assert made["audio"]["volume"] == 40
    assert made["presets"] == {"bedtime": {"emotion": "gentle", "speed": 0.8}}
    assert (tmp_path / "run" / "config.yaml").stat().st_mode & 0o777 == 0o600
    assert len(made["http"]["token"]) > 20


def test_without_a_broker_it_speaks_all_the_same(tmp_path: Path) -> None:
    with supervisor.running() as known:
        told, made = started(tmp_path, known.url, "--check-config")
    assert "no MQTT" in told
    assert not made["mqtt"]["enabled"]
    assert "配置正确" in told


def test_a_broker_of_ones_own_and_a_file_of_ones_own_win(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("http: {port: 5001}\nqueue: {limit: 5}\n")
    with supervisor.running(supervisor.BROKER) as known:
        _, made = started(tmp_path, known.url, mqtt_host="broker.lan", http_token="mine")
    assert made["mqtt"]["host"] == "broker.lan"
    assert "password" not in made["mqtt"]
    assert made["http"] | {"port": 5001, "token": "mine"} == made["http"]
    assert made["queue"]["limit"] == 5
    assert made["queue"]["journal"].startswith(str(tmp_path / "data"))


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("http: [")
    with supervisor.running() as known:
        told, made = started(tmp_path, known.url)
    assert f"{tmp_path}/config/config.yaml: is no YAML" in told
    assert not made


def test_the_folder_is_complete(tmp_path: Path) -> None:
    """Whatever the steps copy is in it: the supervisor has nothing else."""
    target = tmp_path / "app"
    subprocess.run([CHECKOUT / "scripts" / "build-app", target], check=True, stdout=subprocess.PIPE)
    steps = (target / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [name for step in steps if step.startswith("COPY ") for name in step.split()[1:-1]]
    assert all((target / name).exists() for name in copied)
    assert steps[-1].startswith("ENTRYPOINT")
    assert yaml.safe_load((target / "config.yaml").read_text())["version"] == __version__
    assert (target / "icon.png").read_bytes().startswith(b"\x89PNG")

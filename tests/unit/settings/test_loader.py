"""Where a value comes from, and what a person is told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_daemon.errors import SettingsError
from tts_daemon.settings.loader import Loaded, load


def load_text(tmp_path: Path, text: str, **variables: str) -> Loaded:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, variables)


def test_file_wins_over_default_and_variable_over_file(tmp_path: Path) -> None:
    text = "mqtt:\n  host: broker\n  port: 8883\n"
    loaded = load_text(tmp_path, text, TTS_DAEMON__MQTT__HOST="other")
    assert (loaded.settings.mqtt.host, loaded.settings.mqtt.port) == ("other", 8883)
    assert loaded.settings.mqtt.base_topic == "tts"
    assert loaded.origins["mqtt", "host"] == "TTS_DAEMON__MQTT__HOST"
    assert loaded.origins["mqtt", "port"] == f"{tmp_path / 'config.yaml'}:3"
    assert ("mqtt", "base_topic") not in loaded.origins


def test_a_table_takes_any_name(tmp_path: Path) -> None:
    text = "http:\n  voices: {alloy: happy, Nova: xiaoyu}\n"
    loaded = load_text(tmp_path, text, TTS_DAEMON__HTTP__VOICES__ASH="sad")
    assert loaded.settings.http.voices == {"alloy": "happy", "Nova": "xiaoyu", "ash": "sad"}
    assert load_text(tmp_path, "http:\n  voices: {}\n").settings.http.voices == {}


@pytest.mark.parametrize("host", ["broker.lan", "192.168.1.10", "::1", "fe80::1%eth0"])
def test_names_and_addresses_of_brokers(tmp_path: Path, host: str) -> None:
    assert load_text(tmp_path, f"mqtt:\n  host: '{host}'\n").settings.mqtt.host == host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("audio:\n  volum: 3\n", ["config.yaml:2: audio.volum: unknown key", "audio.volume?"]),
        ("hots: x\n", ["config.yaml:1: hots: unknown key", "mqtt.host?"]),
        ("audio:\n  volume: loud\n", ["audio.volume: 'loud' is not a number", "percent", "100"]),
        ("audio:\n  volume: 101\n", ["audio.volume: 101 is out of range", "0 to 100"]),
        ("audio:\n  volume: .nan\n", ["audio.volume: nan is not a number"]),
        ("queue:\n  limit: 1.5\n", ["queue.limit: 1.5 is not a whole number"]),
        ("queue:\n  limit: true\n", ["queue.limit: True is not a number"]),
        ("http:\n  voices: {alloy: 3}\n", ["http.voices.alloy: 3 is not text"]),
        ("http:\n  voices: {alloy: {a: b}}\n", ["http.voices.alloy.a: takes one value"]),
        ("http:\n  voices: xiaoyu\n", ["http.voices: is a section"]),
        (
            "mqtt:\n  host: mqtts://broker.lan\n",
            ["host: broker.lan, port: 8883, tls: {enabled: true}"],
        ),
        ("mqtt:\n  host: wss://b.lan:9001/mqtt\n", ["port: 9001, transport: websockets, tls:"]),
        ("mqtt:\n  host: http://b:x/\n", ["mqtt.host: 'http://b:x/' is no name"]),
        ("mqtt:\n  host: broker.lan:1884\n", ["write host: broker.lan, port: 1884"]),
        ("mqtt:\n  enabled: 1\n", ["mqtt.enabled: 1 is not true or false"]),
        ("mqtt:\n  username: 0123\n", ["mqtt.username", "put it in quotes"]),
        ("audio:\n  device: null\n", ["audio.device: is empty", "put null in quotes"]),
        ("audio: default\n", ["config.yaml:1: audio: is a section"]),
        ("audio:\n  device:\n    name: x\n", ["audio.device.name: takes one value"]),
        ("queue:\n  interrupted: never\n", ["'never' is none of again, drop"]),
        ("voice:\n  models: {a: 1}\n", ["voice.models.a: takes one value"]),
        ("voice:\n  models: [1]\n", ["voice.models: is not a list of texts"]),
        ("presets:\n  calm: {sped: 1}\n", ["presets.calm.sped: unknown key", "speed?"]),
        ("presets:\n  calm: {speed: 9}\n", ["presets.calm.speed: 9 is out of range"]),
        ("presets:\n  calm: {extends: hapy}\n", ["presets.calm.extends", "'hapy'", "'happy'?"]),
        ("presets:\n  a: {extends: b}\n  b: {extends: a}\n", ["a -> b -> a is a circle"]),
        ("voice:\n  preset: hapy\n", ["voice.preset", "'happy'?"]),
        ("audio:\n  device: a\n  device: b\n", ["config.yaml:3: audio.device is set twice"]),
        ("audio: [\n", ["not valid YAML"]),
        ("just words\n", ["must hold sections"]),
        ("audio: !!python/name:os.system {}\n", ["config.yaml:1", "could not determine"]),
        ("a: &a\n  b: *a\n", ["nested too deeply"]),
        ("audio: {device: " + "[" * 5000 + "]" * 5000 + "}\n", ["nested too deeply"]),
        ("audio:\n  volume: 1" + "0" * 400 + "\n", ["audio.volume: 1000", "0 to 100"]),
        ("queue:\n  limit: 1" + "0" * 400 + "\n", ["queue.limit: 1000", "1 to 10000"]),
    ],
)
def test_a_mistake_names_file_line_key_and_remedy(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(tmp_path, text)
    for part in expected:
        assert part in str(caught.value)


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(tmp_path, "audio:\n  volume: 900\n  colour: red\n")
    assert len(str(caught.value).splitlines()) == 2


def test_a_variable_with_an_unknown_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"TTS_DAEMON__MQTT__HOTS: mqtt\.hots.*mqtt\.host\?"):
        load_text(tmp_path, "", TTS_DAEMON__MQTT__HOTS="x")


def test_variables_are_read_by_the_type_of_their_key(tmp_path: Path) -> None:
    settings = load_text(
        tmp_path,
        "",
        TTS_DAEMON__MQTT__ENABLED="true",
        TTS_DAEMON__MQTT__PASSWORD="0123",
        TTS_DAEMON__AUDIO__DEVICE="null",
        TTS_DAEMON__VOICE__MODELS="[/a, /b]",
        TTS_DAEMON__HTTP__TOKEN="",
    ).settings
    assert settings.mqtt.enabled is True
    assert settings.mqtt.password == "0123"
    assert settings.audio.device == "null"
    assert settings.voice.models == ("/a", "/b")
    assert settings.http.token is None


def test_an_empty_section_keeps_its_defaults(tmp_path: Path) -> None:
    assert load_text(tmp_path, "mqtt:\naudio: {}\n").settings.mqtt.port == 1883


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml", {})


def test_a_password_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret \n", encoding="utf-8")
    loaded = load_text(tmp_path, f"mqtt: {{password_file: {tmp_path / 'secret'}}}\n")
    assert loaded.settings.mqtt.password == "s3cret "
    assert loaded.origins["mqtt", "password"] == str(tmp_path / "secret")


def test_a_missing_password_file_names_key_and_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"config\.yaml:1: mqtt\.password_file.*nowhere"):
        load_text(tmp_path, f"mqtt: {{password_file: {tmp_path / 'nowhere'}}}\n")


@pytest.mark.parametrize("name", ["http-token", "tts_http-token"])
def test_a_systemd_credential_is_a_secret_of_last_resort(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("from systemd\n", encoding="utf-8")
    given = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert load_text(tmp_path, "", **given).settings.http.token == "from systemd"
    named = load_text(tmp_path, "http: {token: own}\n", **given)
    assert named.settings.http.token == "own"


def test_a_secret_of_the_wrong_type_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(tmp_path, "mqtt:\n  password: 987654\n")
    assert "mqtt.password" in str(caught.value)
    assert "987654" not in str(caught.value)
    assert "987654" not in repr(caught.value.__context__)


def test_presets_merge_field_by_field(tmp_path: Path) -> None:
    text = "presets:\n  happy: {speed: 1.2}\n  quiet: {}\n  angry:\n"
    presets = load_text(tmp_path, text).settings.presets
    assert (presets["happy"].emotion, presets["happy"].speed) == ("happy", 1.2)
    assert "quiet" in presets
    assert "angry" not in presets


def test_an_ordinary_user_gets_places_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_daemon.settings.places._writable", lambda _: False)
    loaded = load_text(tmp_path, "", XDG_RUNTIME_DIR="/run/user/7", XDG_STATE_HOME="/s")
    assert loaded.settings.socket.path == "/run/user/7/tts-daemon/tts.sock"
    assert loaded.settings.queue.journal == "/s/tts-daemon/queue.db"
    activated = load_text(tmp_path, "", LISTEN_FDS="1", HOME="/home/me")
    assert activated.settings.socket.path == "/run/tts-daemon/tts.sock"

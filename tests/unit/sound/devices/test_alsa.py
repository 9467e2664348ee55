"""What the sound card's device does with cards that this machine does not have."""

from __future__ import annotations

import builtins
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fakes.playback_fakes import Diary, FakePresets, FakeSynthesizer

from tts_daemon.domain import SpeakRequest
from tts_daemon.errors import AudioUnavailableError, DeviceBusyError
from tts_daemon.playback import Journal, Player
from tts_daemon.sound.devices import alsa as alsa_sink
from tts_daemon.sound.devices import alsa_cards
from tts_daemon.sound.devices.alsa import AlsaDevice
from tts_daemon.sound.sink import BufferedSink


class FakeCard:
    """Stands in for the library sounddevice, with one card in it.

    Args:
        name: As PortAudio lists it.
        takes: (sample rate, channels) that it opens with.
        error: Code of every refusal.
    """

    class PortAudioError(Exception):
        pass

    def __init__(self, name: str, takes: set[tuple[int, int]], error: int = -9997) -> None:
        self.name = name
        self.takes = takes
        self.error = error
        self.tried: list[tuple[int, int]] = []
        self.written: list[bytes] = []
        self.scans = 0

    def query_devices(self, kind: str | None = None) -> list[dict[str, Any]]:
        return [
            {"name": "Microphone", "max_output_channels": 0},
            {"name": self.name, "max_output_channels": 2},
        ]

    def RawOutputStream(self, *, samplerate: int, device: int, channels: int, **_: Any) -> Any:
        self.tried.append((samplerate, channels))
        if (samplerate, channels) not in self.takes:
            raise self.PortAudioError("Invalid sample rate", self.error)
        return FakeStream(self)

    def check_output_settings(
        self, device: int, channels: int, dtype: str, *, samplerate: int
    ) -> None:
        if (samplerate, channels) not in self.takes:
            raise self.PortAudioError("Invalid sample rate", -9997)

    def _terminate(self) -> None:
        self.scans += 1

    def _initialize(self) -> None:
        pass


class FakeStream:
    write_available = 3200

    def __init__(self, card: FakeCard) -> None:
        self._card = card
        self.active = False

    def start(self) -> None:
        self.active = True

    def stop(self, ignore_errors: bool = True) -> None:
        self.active = False

    def close(self, ignore_errors: bool = True) -> None:
        self.active = False

    def write(self, frames: bytes) -> bool:
        self._card.written.append(frames)
        return True

    def abort(self, ignore_errors: bool = True) -> None:
        self.active = False


@pytest.fixture
def card_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    def build(*arguments: Any, **options: Any) -> FakeCard:
        card = FakeCard(*arguments, **options)
        monkeypatch.setattr(alsa_sink, "_library", lambda: card)
        return card

    return build


def test_the_voices_own_rate_comes_first(card_of) -> None:
    card = card_of("USB: - (hw:1,0)", {(16000, 1), (48000, 1)})
    assert AlsaDevice("hw:1,0").open() == 16000
    assert card.tried == [(16000, 1)]
    assert card.scans == 0


def test_the_next_rate_that_opens_is_taken(card_of) -> None:
    card_of("USB: - (hw:1,0)", {(44100, 1)})
    assert AlsaDevice("hw:1,0").open() == 44100


def test_a_card_that_wants_two_channels_gets_the_voice_on_both(card_of) -> None:
    card = card_of("I2S: - (hw:0,0)", {(48000, 2)})
    device = AlsaDevice("I2S")
    assert device.open() == 48000
    assert device.play(np.array([1, 2], dtype=np.int16))
    assert np.frombuffer(card.written[0], dtype=np.int16).tolist() == [1, 1, 2, 2]


def test_plughw_finds_the_card_behind_it(card_of) -> None:
    card_of("USB: - (hw:1,0)", {(16000, 1)})
    assert AlsaDevice("plughw:1,0").open() == 16000


def test_a_busy_card_is_told_from_a_missing_one(card_of) -> None:
    card = card_of("USB: - (hw:1,0)", set(), error=-9985)
    with pytest.raises(DeviceBusyError, match="another program holds it"):
        AlsaDevice("hw:1,0").open()
    # A look at the devices would lose sight of it: PortAudio lists none that is held.
    assert card.scans == 0


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two USB cards as the kernel shows them, both free."""
    monkeypatch.setattr(alsa_cards, "_KERNEL", tmp_path)
    cards = (
        " 0 [Device         ]: USB-Audio - USB Audio Device\n"
        "                      USB Audio Device at usb-0000:01:00.0-1.2\n"
        " 1 [Speaker        ]: USB-Audio - USB Speaker\n"
    )
    (tmp_path / "cards").write_text(cards)
    for card, name in enumerate(("Device", "Speaker")):
        place = tmp_path / f"card{card}" / "pcm0p" / "sub0"
        place.mkdir(parents=True)
        (tmp_path / f"card{card}" / "id").write_text(f"{name}\n")
        (place / "info").write_text(f"card: {card}\ndevice: 0\nid: USB Audio\nname: USB Audio\n")
        (place / "status").write_text("closed\n")
    return tmp_path


def hold(kernel: Path, card: int) -> None:
    (kernel / f"card{card}/pcm0p/sub0/status").write_text("state: RUNNING\nowner_pid   : 7\n")


def test_the_kernel_names_what_a_program_holds(kernel: Path) -> None:
    assert alsa_cards.held() == ()
    hold(kernel, 1)
    assert alsa_cards.held() == ("USB Speaker: USB Audio (hw:1,0)",)


@pytest.mark.parametrize("name", ["hw:0,0", "plughw:0,0", "USB Audio Device", "USB", "default"])
def test_a_card_that_was_held_when_portaudio_looked_is_busy(
    card_of, kernel: Path, name: str
) -> None:
    card_of("USB Speaker: Audio (hw:1,0)", {(16000, 1)})
    hold(kernel, 0)
    with pytest.raises(DeviceBusyError, match="another program holds it"):
        AlsaDevice(name).open()


@pytest.mark.parametrize(
    "name",
    [
        "plughw:CARD=Speaker,DEV=0", "hw:CARD=Speaker,DEV=0", "sysdefault:CARD=Speaker",
        "front:CARD=Speaker,DEV=0", "default:CARD=Speaker", "hdmi:CARD=Speaker,DEV=0",
        "hw:CARD=Speaker", "hw:Speaker", "plughw:Speaker,0", "plughw:1",
    ],
)  # fmt: skip
def test_a_name_as_aplay_prints_it_finds_the_card(card_of, kernel: Path, name: str) -> None:
    card_of("USB Speaker: Audio (hw:1,0)", {(16000, 1)})
    assert AlsaDevice(name).open() == 16000
    hold(kernel, 0)
    assert AlsaDevice(name).open() == 16000
    with pytest.raises(DeviceBusyError, match="another program holds it"):
        AlsaDevice(name.replace("Speaker", "Device").replace("1", "0")).open()


def test_the_first_cards_mixer_is_found_and_no_others(card_of, kernel: Path) -> None:
    card_of("dmix", {(48000, 2)})
    assert AlsaDevice("dmix:CARD=Device,DEV=0").open() == 48000
    with pytest.raises(AudioUnavailableError, match=r"defaults\.pcm\.card 1"):
        AlsaDevice("dmix:CARD=Speaker,DEV=0").open()


def test_a_card_that_is_not_there_is_named_with_those_that_are(card_of, kernel: Path) -> None:
    card_of("USB Speaker: Audio (hw:1,0)", {(16000, 1)})
    with pytest.raises(AudioUnavailableError, match="'Devise'; known: Device, Speaker"):
        AlsaDevice("plughw:CARD=Devise,DEV=0").open()


def test_every_name_that_is_listed_can_be_pasted(card_of, kernel: Path) -> None:
    card_of("USB Speaker: Audio (hw:1,0)", {(16000, 1)})
    (listed,) = alsa_sink.device_names()
    assert listed == "plughw:CARD=Speaker,DEV=0"
    assert yaml.safe_load(f"device: {listed}") == {"device": listed}
    assert AlsaDevice(listed).open() == 16000


def test_the_other_card_of_the_same_kind_may_be_busy(card_of, kernel: Path) -> None:
    card_of("USB Audio Device: - (hw:0,0)", {(16000, 1)})
    hold(kernel, 1)
    assert AlsaDevice("USB").open() == 16000


def test_an_attempt_writes_nothing_to_standard_error(
    card_of, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    card = card_of("USB: - (hw:1,0)", {(16000, 1)})
    opened = card.RawOutputStream

    def noisy(**options: Any) -> Any:
        os.write(2, b"ALSA lib pcm_dmix.c: unable to open slave")
        return opened(**options)

    monkeypatch.setattr(card, "RawOutputStream", noisy)
    AlsaDevice("hw:1,0").open()
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"


def test_what_is_said_while_the_card_is_busy_is_heard_afterwards(
    card_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_daemon.playback._outage._FIRST_S", 0.05)
    card = card_of("USB: - (hw:1,0)", set(), error=-9985)
    diary = Diary()
    player = Player(FakeSynthesizer(), BufferedSink(AlsaDevice("USB")), Journal(), FakePresets())
    player.subscribe(diary)
    player.start()
    for name in ("a", "b"):
        player.submit(SpeakRequest("你好", id=name))
    diary.wait_for(lambda: "no_audio" in diary.states)
    assert "another program holds it" in player.snapshot().last_error
    card.takes.add((16000, 1))
    diary.wait_for(lambda: "finished" in diary.of("b"))
    assert player.stop(20)
    assert diary.of("a") == diary.of("b") == ["queued", "started", "finished"]
    assert sum(map(len, card.written)) == 2 * 2 * 1600


def test_the_rates_that_a_card_takes(card_of) -> None:
    card_of("I2S: - (hw:0,0)", {(48000, 2), (44100, 2)})
    assert AlsaDevice("I2S").rates() == (48000, 44100)
    with pytest.raises(AudioUnavailableError, match="kitchen"):
        AlsaDevice("kitchen").rates()


def test_cards_that_changed_places_are_looked_for_anew(
    card_of, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(alsa_cards, "_NODES", tmp_path)
    card = card_of("USB: - (hw:1,0)", {(16000, 1)})
    device = AlsaDevice("USB")
    device.open()
    device.open()
    assert card.scans == 0
    (tmp_path / "controlC1").touch()
    device.open()
    assert card.scans == 1


def test_a_machine_without_portaudio_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real_import = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(AudioUnavailableError, match="apt install libportaudio2"):
        AlsaDevice("default").open()

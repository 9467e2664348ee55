"""The sound device on cards of the kernel: busy, choosy, pulled out, idle, dry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.playback_fakes import Diary, FakePresets, FakeSynthesizer
from fakes.sink_contract import loudest_hz, tone
from sound_card.conftest import Loopback, wait_until

from tts_daemon.domain import SpeakRequest
from tts_daemon.errors import DeviceBusyError
from tts_daemon.playback import Journal, Player
from tts_daemon.sound.devices.alsa import AlsaDevice, rescan
from tts_daemon.sound.sink import BufferedSink

LOUD = 8000
DMIX = 'pcm.!default { type plug slave.pcm "dmix:CARD=Loopback" }'
"""As in docs/operations.md."""


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def player(loopback: Loopback, diary: Diary, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    """Speaks 0.1 s at half of full scale for every request, on the card."""
    monkeypatch.setattr("tts_daemon.playback._outage._FIRST_S", 0.05)
    sink = BufferedSink(AlsaDevice("Loopback"), release_after_s=0.1)
    player = Player(FakeSynthesizer(), sink, Journal(), FakePresets())
    player.subscribe(diary)
    player.start()
    yield player
    assert player.stop(20)


def test_a_card_that_another_program_holds_is_busy(
    loopback: Loopback, capfd: pytest.CaptureFixture[str]
) -> None:
    loopback.hold()
    with pytest.raises(DeviceBusyError, match="another program holds it"):
        AlsaDevice("Loopback").open()
    assert capfd.readouterr().err == ""


def test_what_waits_for_a_busy_card_is_heard_once_it_is_free(
    loopback: Loopback, player: Player, diary: Diary
) -> None:
    loopback.record()
    other = loopback.hold()
    for name in ("a", "b"):
        player.submit(SpeakRequest("你好", id=name))
    diary.wait_for(lambda: "no_audio" in diary.states)
    assert "another program holds it" in (player.snapshot().last_error or "")
    other.kill()
    diary.wait_for(lambda: "finished" in diary.of("b"))
    assert diary.of("a") == diary.of("b") == ["queued", "started", "finished"]
    # Twice 0.1 s, but for the edges that fade.
    wait_until(lambda: np.sum(loopback.heard() > LOUD) > 2 * 1500)
    assert np.sum(loopback.heard() > LOUD) <= 2 * 1600


def test_an_idle_player_gives_the_card_back(
    loopback: Loopback, player: Player, diary: Diary
) -> None:
    player.submit(SpeakRequest("你好", id="a"))
    diary.wait_for(lambda: "finished" in diary.of("a"))
    wait_until(lambda: loopback.state("pcm0p") == "closed")
    loopback.hold()


def test_a_card_that_is_pulled_out_is_found_again(
    loopback: Loopback, player: Player, diary: Diary
) -> None:
    loopback.unplug()
    player.submit(SpeakRequest("你好", id="a"))
    diary.wait_for(lambda: "no_audio" in diary.states)
    loopback.plug_in()
    diary.wait_for(lambda: "finished" in diary.of("a"))
    assert diary.of("a") == ["queued", "started", "finished"]


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (44100, 2), (48000, 2)])
def test_the_voice_is_heard_at_the_rate_of_the_card(
    loopback: Loopback, rate: int, channels: int
) -> None:
    loopback.record(rate, channels)
    device = AlsaDevice("Loopback")
    assert device.rates() == (rate,)
    sink = BufferedSink(device)
    sink.open()
    sink.write(tone(1000, 1.0, 16000), 16000)
    sink.drain()
    sink.close()
    assert device.open() == rate
    device.close()
    wait_until(lambda: np.sum(np.abs(loopback.heard()) > LOUD) > rate / 3)
    assert loudest_hz(loopback.heard(), rate) == pytest.approx(1000, abs=2)


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize(("name", "rates"), [("hw:0,0", (48000,)), ("hw:1,0", (48000,))])
def test_cards_with_few_rates_or_two_channels_are_opened(name: str, rates: tuple[int, ...]) -> None:
    device = AlsaDevice(name)
    assert device.rates() == rates
    assert device.open() == rates[0]
    device.close()


def test_programs_share_a_card_through_dmix(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "asound.conf"
    settings.write_text(f"</usr/share/alsa/alsa.conf>\n{DMIX}\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(settings))
    rescan()
    loopback.record(48000, 2)
    loopback.hold("default")
    sink = BufferedSink(AlsaDevice("default"))
    sink.open()
    sink.write(tone(1000, 1.0, 16000), 16000)
    sink.drain()
    sink.close()
    wait_until(lambda: np.sum(np.abs(loopback.heard()) > LOUD) > 16000)
    assert loudest_hz(loopback.heard(), 48000) == pytest.approx(1000, abs=2)


def test_a_card_that_runs_dry_is_counted(loopback: Loopback) -> None:
    device = AlsaDevice("Loopback")
    device.open()
    assert not device.play(tone(440, 0.1, 16000))
    wait_until(lambda: loopback.state("pcm0p") != "RUNNING")
    assert device.play(tone(440, 0.1, 16000))
    device.close()


def test_a_stop_drops_what_the_card_holds(loopback: Loopback) -> None:
    loopback.record()
    device = AlsaDevice("Loopback")
    sink = BufferedSink(device)
    sink.open()
    sink.write(tone(440, 10.0, 16000), 16000)
    wait_until(lambda: np.sum(np.abs(loopback.heard()) > LOUD) > 1600)
    sink.stop_now()
    wait_until(lambda: loopback.state("pcm0p") != "RUNNING")
    silent_from = len(loopback.heard())
    sink.close()
    wait_until(lambda: len(loopback.heard()) > silent_from + 16000)
    assert not loopback.heard()[silent_from + 1600 :].any()

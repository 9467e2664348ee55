"""What users of other Wyoming servers saw in Home Assistant."""

from __future__ import annotations

import pytest
from fakes.fake_service import FakeSpeechService, tone
from integration.wyoming.test_door import talk, until
from strangers.report import report
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStop

from tts_daemon.inputs.wyoming.door import WyomingDoor


def spoken(door: WyomingDoor, *events: Event, last: str = "audio-stop") -> list[Event]:
    """What comes back for these events."""

    async def ask(client: AsyncTcpClient) -> list[Event]:
        for event in events:
            await client.write_event(event)
        return await until(client, last)

    return talk(door, ask)


def seconds(events: list[Event]) -> float:
    chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
    return sum(chunk.seconds for chunk in chunks)


@report("roryeckel/wyoming_openai#19", "TEN-framework/ten-framework#1476")
@pytest.mark.parametrize("text", ["……", "！？", "  ", "。"])
def test_a_text_without_words_is_answered_with_sound(door: WyomingDoor, text: str) -> None:
    assert 0 < seconds(spoken(door, Synthesize(text).event())) < 0.5


@report("home-assistant/core#149870")
@pytest.mark.parametrize("data", [{}, {"voice": None}, {"voice": {}}])
def test_a_stream_may_begin_without_a_voice(
    door: WyomingDoor, service: FakeSpeechService, data: dict[str, object]
) -> None:
    events = [Event("synthesize-start", data), SynthesizeChunk("你好。").event()]
    heard = spoken(door, *events, SynthesizeStop().event(), last="synthesize-stopped")
    assert seconds(heard) > 0
    assert service.texts == ["你好。"]


@report("home-assistant/core#150397")
def test_the_last_sample_comes_before_the_end(
    door: WyomingDoor, service: FakeSpeechService
) -> None:
    service.chunks = [tone(0.5), tone(0.25), tone(0.013)]
    heard = spoken(door, Synthesize("三句话。第二句。最后几个字").event())
    assert heard[-1].type == "audio-stop"
    assert seconds(heard) == pytest.approx(0.763)


@report("home-assistant/core#145581")
def test_a_long_text_is_heard_the_first_time(door: WyomingDoor, service: FakeSpeechService) -> None:
    text = "电量百分之五十，请不要使用大功率电器。" * 4
    assert seconds(spoken(door, Synthesize(text).event())) > 0
    assert service.texts == [text]


@report("machineonamission/mediaforge#277")
def test_an_emoji_alone_is_no_error(door: WyomingDoor, service: FakeSpeechService) -> None:
    assert seconds(spoken(door, Synthesize("🎉").event())) > 0
    assert service.texts == ["🎉"]


@report("OHF-Voice/wyoming#38")
def test_the_new_field_for_the_format_of_a_text_harms_nothing(
    door: WyomingDoor, service: FakeSpeechService
) -> None:
    text = "<speak>你好<break time='1s'/>再见</speak>"
    heard = spoken(door, Event("synthesize", {"text": text, "text_format": "ssml"}))
    assert seconds(heard) > 0
    assert service.texts == [text]

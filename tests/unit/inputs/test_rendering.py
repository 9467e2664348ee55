"""The blocking service on an event loop: in order, bounded, and ended within one chunk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from fakes.fake_service import FakeSpeechService, tone

from tts_daemon.domain import AudioChunk, SpeakRequest
from tts_daemon.errors import InvalidRequestError, QueueFullError
from tts_daemon.inputs.rendering import RENDERS, Renderer
from tts_daemon.ports import SoFar

PATIENCE_S = 30.0


class Stubborn(FakeSpeechService):
    """Makes a first chunk at once, and each later one only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.second_is_begun = threading.Event()
        self.go_on = threading.Event()

    def render(self, request: SpeakRequest, so_far: SoFar | None = None) -> Iterator[AudioChunk]:
        self.accepted.append(request)
        try:
            while True:
                if self.made:
                    self.second_is_begun.set()
                    assert self.go_on.wait(PATIENCE_S)
                self.made += 1
                yield tone(0.1)
        finally:
            self.render_closed.set()


def test_whoever_leaves_ends_the_synthesis_with_the_chunk_that_is_being_made() -> None:
    service = Stubborn()
    renderer = Renderer(service, waiting=0)

    async def leave_early() -> None:
        async with renderer.render(SpeakRequest("你好")) as sound:
            blocks = sound.blocks()
            await anext(blocks)
            second = asyncio.ensure_future(anext(blocks))
            await asyncio.to_thread(service.second_is_begun.wait, PATIENCE_S)
            second.cancel()
            await asyncio.wait([second])
            await blocks.aclose()
        service.go_on.set()

    asyncio.run(leave_early())
    renderer.close()
    assert service.made == 2
    assert service.render_closed.is_set()


def test_texts_are_rendered_in_the_order_of_their_coming() -> None:
    service = FakeSpeechService()
    service.chunks = [tone(0.1)]
    renderer = Renderer(service, waiting=100)

    async def ask(text: str) -> None:
        async with renderer.render(SpeakRequest(text)) as sound:
            async for _ in sound.blocks():
                pass

    async def ask_for_all() -> None:
        await asyncio.gather(*(ask(str(number)) for number in range(40)))

    asyncio.run(ask_for_all())
    renderer.close()
    order = [int(text) for text in service.texts]
    # Those of one turn are begun side by side.
    assert all(abs(number - place) < RENDERS for place, number in enumerate(order))


def test_no_more_wait_than_may() -> None:
    service = Stubborn()
    renderer = Renderer(service, waiting=1)

    async def ask() -> None:
        async with renderer.render(SpeakRequest("你好")) as sound:
            async for _ in sound.blocks():
                pass

    async def crowd() -> None:
        others = [asyncio.ensure_future(ask()) for _ in range(RENDERS + 1)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError, match="1 texts wait"):
            await ask()
        for other in others:
            other.cancel()
        await asyncio.wait(others)
        service.go_on.set()

    asyncio.run(crowd())
    renderer.close()


def test_a_text_without_sound_is_a_mistake() -> None:
    renderer = Renderer(FakeSpeechService(), waiting=0)

    async def ask() -> None:
        async with renderer.render(SpeakRequest("[pause=1s]")):
            raise AssertionError

    with pytest.raises(InvalidRequestError, match="nothing to speak"):
        asyncio.run(ask())
    renderer.close()

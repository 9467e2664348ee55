"""The routes for those who look after the daemon."""

from __future__ import annotations

import asyncio
import json
import threading

from aiohttp.test_utils import make_mocked_request
from aiohttp.web import Response

from tts_daemon.inputs.http.desk import Desk
from tts_daemon.inputs.http.requests import BodyLimits
from tts_daemon.inputs.http.upkeep import Upkeep


def test_an_examination_is_shared_by_all_who_ask_meanwhile() -> None:
    examined: list[str] = []
    all_have_asked = threading.Event()

    def examine(language: str) -> list[dict[str, str]]:
        examined.append(language)
        assert all_have_asked.wait(60)
        return [{"check": "memory"}]

    async def ask() -> list[Response]:
        upkeep = Upkeep(Desk(examine=examine), BodyLimits(100, 1.0), has_token=True)
        request = make_mocked_request("GET", "/api/doctor", {"Accept-Language": "zh-CN,zh;q=0.9"})
        asked = [asyncio.ensure_future(upkeep.doctor(request)) for _ in range(3)]
        await asyncio.sleep(0)
        asked[0].cancel()
        all_have_asked.set()
        told = await asyncio.gather(*asked[1:])
        await upkeep.doctor(request)
        return told

    for response in asyncio.run(ask()):
        assert json.loads(bytes(response.body or b"")) == {"findings": [{"check": "memory"}]}  # type: ignore[arg-type]
    assert examined == ["zh", "zh"]

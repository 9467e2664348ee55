"""The API against its own description: requests made up from the schema, right and wrong ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import schemathesis
from fakes.fake_service import FakeSpeechService, tone
from hypothesis import HealthCheck, Phase, settings
from integration.http.conftest import VOICES
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tts_daemon.inputs.http.application import make_application
from tts_daemon.inputs.http.desk import Desk
from tts_daemon.inputs.http.door import HttpDoor
from tts_daemon.inputs.http.pages import files
from tts_daemon.inputs.rendering import Renderer
from tts_daemon.settings.schema import HttpSettings
from tts_daemon.voices.store import VoiceStore

DESCRIPTION = resources.files("tts_daemon.inputs.http").joinpath("openapi.json")
# The stream of events has no end.
schema = schemathesis.openapi.from_path(str(DESCRIPTION)).exclude(path="/api/events")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    service = FakeSpeechService(limit=1000000)
    service.chunks = [tone(0.1)]
    store = VoiceStore([VOICES])
    door = HttpDoor(service, HttpSettings(port=0), store, max_characters=100)
    door.start()
    yield f"http://127.0.0.1:{door.port}"
    door.stop()


@schema.parametrize()
@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_it_does_what_its_description_says(case: Any, address: str) -> None:
    # Which voices, presets and emotions there are, a schema cannot know.
    case.call_and_validate(base_url=address, excluded_checks=[positive_data_acceptance])


def test_every_route_of_the_api_is_described() -> None:
    service = FakeSpeechService(max_characters=100)
    application = make_application(
        service, Renderer(service, 0), VoiceStore([VOICES]), HttpSettings(), 100, Desk()
    )
    served = {
        (route.resource.canonical, route.method.lower())
        for route in application.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    paths = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    described = {(path, method) for path, methods in paths.items() for method in methods}
    page = {(path, "get") for path in files()}
    assert described <= served
    assert served <= described | page

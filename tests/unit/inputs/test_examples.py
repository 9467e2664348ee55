"""The examples for other programs name what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import defusedxml.ElementTree

from tts_daemon.inputs.http import pages
from tts_daemon.settings.loader import load
from tts_daemon.settings.schema import WyomingSettings

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "config" / "examples"


def test_avahi_announces_the_port_of_the_wyoming_door() -> None:
    service = defusedxml.ElementTree.parse(EXAMPLES / "avahi.service").getroot().find("service")
    assert service is not None
    assert service.findtext("type") == "_wyoming._tcp"
    assert service.findtext("port") == str(WyomingSettings().port)


def test_nginx_passes_on_what_there_is() -> None:
    text = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    location = re.search(r"location ~ \^/\(([^)]+)\)\$", text)
    assert location is not None
    description = Path(pages.__file__).with_name("openapi.json").read_text(encoding="utf-8")
    passed_on = {f"/{path}" for path in location[1].split("|")}
    assert passed_on <= set(json.loads(description)["paths"])


def test_the_container_opens_both_doors() -> None:
    settings = load(ROOT / "config" / "container.yaml", environment={}).settings
    assert settings.http.enabled
    assert settings.wyoming.enabled

"""Addresses of other machines are looked at before anything is started."""

from __future__ import annotations

import pytest

from tts_daemon.errors import SettingsError
from tts_daemon.settings.loader import load

KEY = "TTS_DAEMON__SYNTHESIS__REMOTE__URL"


@pytest.mark.parametrize(
    "url", ["http://pc.lan:5000", "https://pc.lan/tts/", "http://[fe80::1]:80", "http://10.0.0.2"]
)
def test_addresses(url: str) -> None:
    assert load(None, {KEY: url}).settings.synthesis.remote.url == url


@pytest.mark.parametrize(
    "url",
    ["pc.lan:5000", "ftp://pc.lan", "http://", "http://pc lan", "http://pc:99999", "http://u:p@pc",
     "http://pc/?token=1"],
)  # fmt: skip
def test_no_addresses(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^synthesis\.remote\.url: "):
        load(None, {KEY: url})


def test_without_one_there_is_none() -> None:
    assert load(None, {KEY: ""}).settings.synthesis.remote.url is None

"""A broker and doors, as the tests of MQTT open them."""

from __future__ import annotations

from integration.mqtt.conftest import (  # noqa: F401
    _needs_mosquitto,
    broker,
    make_broker,
    open_door,
    service,
    watch,
)

"""Runs a Home Assistant core with nothing but MQTT, and does what standard input asks of it.

For the Python that has the `homeassistant` package:
`core_driver.py CONFIG_DIRECTORY BROKER_PORT HTTP_PORT`. One JSON object a line in, one a line out:
    {"do": "states"} -> {"UNIQUE_ID": {"entity_id": ..., "state": ..., "attributes": {...}}, ...}
    {"do": "call", "domain": D, "service": S, "data": {...}} -> {"ok": true}
    {"do": "set_up", "domain": D, "config": C} -> {"ok": whether it could be}
    {"do": "state", "entity_id": E} -> {"entity_id": E, "state": ..., "attributes": {...}}
    {"do": "set_state", "entity_id": E, "state": S} -> {"ok": true}
    {"do": "device", "identifier": I} -> {"id": the device's; null where there is none}
    {"do": "stop"} -> {"ok": true}
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from homeassistant import auth, bootstrap, config_entries, core, loader
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.helpers.json import json_dumps
from homeassistant.setup import async_setup_component

ENTRY = {
    "created_at": "2025-01-01T00:00:00+00:00",
    "modified_at": "2025-01-01T00:00:00+00:00",
    "disabled_by": None,
    "discovery_keys": {},
    "domain": "mqtt",
    "entry_id": "broker",
    "minor_version": 1,
    "options": {},
    "pref_disable_new_entities": False,
    "pref_disable_polling": False,
    "source": "user",
    "subentries": [],
    "title": "broker",
    "unique_id": None,
    "version": 1,
}


def write_entry(directory: Path, port: int) -> None:
    """What the set-up dialogue of the MQTT integration leaves behind."""
    entry = ENTRY | {"data": {"broker": "127.0.0.1", "port": port}}
    (directory / "configuration.yaml").write_text("homeassistant:\n")
    storage = directory / ".storage"
    storage.mkdir(exist_ok=True)
    file = {
        "version": 1,
        "minor_version": 3,
        "key": "core.config_entries",
        "data": {"entries": [entry]},
    }
    (storage / "core.config_entries").write_text(json.dumps(file))


async def start(directory: Path, http_port: int) -> core.HomeAssistant:
    hass = core.HomeAssistant(str(directory))
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    http = {"server_host": "127.0.0.1", "server_port": http_port}
    for domain in ("homeassistant", "http", "mqtt"):
        assert await async_setup_component(hass, domain, {"http": http})
    await hass.async_start()
    return hass


def _state(hass: core.HomeAssistant, entity_id: str) -> dict[str, Any]:
    state = hass.states.get(entity_id)
    seen = {"state": state.state, "attributes": dict(state.attributes)} if state else {}
    return {"entity_id": entity_id, **seen}


async def answer(hass: core.HomeAssistant, order: dict[str, Any]) -> Any:
    if order["do"] == "states":
        known = entity_registry.async_get(hass).entities.values()
        return {entry.unique_id: _state(hass, entry.entity_id) for entry in known}
    if order["do"] == "set_up":
        domain = order["domain"]
        return {"ok": await async_setup_component(hass, domain, {domain: order["config"]})}
    if order["do"] == "state":
        return _state(hass, order["entity_id"])
    if order["do"] == "device":
        known = device_registry.async_get(hass)
        device = known.async_get_device(identifiers={("mqtt", order["identifier"])})
        return {"id": device.id if device else None}
    if order["do"] == "set_state":
        hass.states.async_set(order["entity_id"], order["state"])
    if order["do"] == "call":
        await hass.services.async_call(
            order["domain"], order["service"], order["data"], blocking=True
        )
    return {"ok": True}


async def main(directory: Path, broker_port: int, http_port: int) -> None:
    write_entry(directory, broker_port)
    hass = await start(directory, http_port)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps({"ok": True}), flush=True)
    while line := await reader.readline():
        order = json.loads(line)
        try:
            result = await answer(hass, order)
        except Exception as error:
            result = {"error": repr(error)}
        print(json_dumps(result), flush=True)
        if order["do"] == "stop":
            break
    await hass.async_stop(force=True)


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))

"""A Wyoming door, as the tests of the protocol open it."""

from __future__ import annotations

from integration.wyoming.test_door import door, opened, service  # noqa: F401

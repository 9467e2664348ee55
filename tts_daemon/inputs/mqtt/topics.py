"""The topics of one node, by name."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from tts_daemon.settings.schema import MqttSettings

RESERVED_NODES = ("all", "pool")
"""Levels beside the nodes that mean every node, and the shared work."""
_UNFIT = re.compile(r"[+#/\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Topics:
    """Where one node listens and speaks.

    Attributes:
        base: First level, shared by all nodes.
        node: Second level.
    """

    base: str
    node: str

    @classmethod
    def of(cls, settings: MqttSettings) -> Topics:
        """The topics of a configuration; the node is the host name unless it is configured."""
        name = settings.node or socket.gethostname().partition(".")[0]
        node = _UNFIT.sub("-", name).strip("-$") or "tts"
        if node in RESERVED_NODES:
            node = f"{node}-node"
        return cls(base=settings.base_topic.strip("/"), node=node)

    def own(self, name: str) -> str:
        """A topic of this node."""
        return f"{self.base}/{self.node}/{name}"

    def everyone(self, name: str) -> str:
        """A topic that every node obeys."""
        return f"{self.base}/all/{name}"

    @property
    def pool(self) -> str:
        """Where anybody asks for speech as a file."""
        return f"{self.base}/pool/synthesize"

    def shared(self, group: str) -> str:
        """The filter by which the broker deals each request of the pool to one member."""
        return f"$share/{_UNFIT.sub('-', group) or 'tts'}/{self.pool}"

    def preset_of(self, topic: str) -> str:
        """The preset that `.../say/<preset>` names; empty for any other topic."""
        start = self.own("say/")
        return topic[len(start) :] if topic.startswith(start) else ""

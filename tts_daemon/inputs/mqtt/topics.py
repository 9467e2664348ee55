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

    def preset_of(self, topic: str) -> str:
        """The preset that `.../say/<preset>` names; empty for any other topic."""
        start = self.own("say/")
        return topic[len(start) :] if topic.startswith(start) else ""


@dataclass(frozen=True, slots=True)
class PoolTopics:
    """Where the members of one group of the pool meet.

    Attributes:
        base: First level of every topic.
        group: Members of one group share the work.
        node: Our own name.
    """

    base: str
    group: str
    node: str

    @classmethod
    def of(cls, settings: MqttSettings) -> PoolTopics:
        """The topics of a configuration."""
        topics = Topics.of(settings)
        group = _UNFIT.sub("-", settings.pool.group) or "tts"
        return cls(base=topics.base, group=group, node=topics.node)

    @property
    def requests(self) -> str:
        """Where anybody asks for speech."""
        return f"{self.base}/pool/synthesize"

    @property
    def shared_requests(self) -> str:
        """The filter by which the broker deals each request to one member."""
        return f"$share/{self.group}/{self.requests}"

    def member(self, name: str) -> str:
        """Where a member says whether it is there."""
        return f"{self.base}/pool/members/{self.group}/{name}"

    def member_of(self, topic: str) -> str:
        """The member that a topic belongs to; empty for any other topic."""
        start = self.member("")
        return topic[len(start) :] if topic.startswith(start) else ""

    def drained(self, name: str) -> str:
        """Where whoever takes over a member's session sends a mark to itself, to see the end."""
        return f"{self.member(name)}/drained"

    def client_id(self, name: str) -> str:
        """Name of a member's session."""
        return f"{self.base}-pool-{self.group}-{name}"

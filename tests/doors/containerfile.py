"""Reads a Containerfile and carries its steps out in a room."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from doors.room import CHECKOUT, Room


def instructions(path: Path) -> list[tuple[str, str]]:
    """Each instruction with its argument, continued lines joined."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")
    ]


@dataclass
class Image:
    """What the steps so far have made of the room.

    Attributes:
        room: Where files are.
        variables: Those of the steps, and of what is run afterwards.
        user: Who runs things.
        directory: Where they are run.
        known: The last argument of every other instruction.
    """

    room: Room
    variables: dict[str, str]
    user: str = "root"
    directory: str = "/"
    known: dict[str, str] = field(default_factory=dict)

    def build(self, path: Path) -> None:
        """Carry out every step."""
        for word, argument in instructions(path):
            step = getattr(self, f"_{word.lower()}", None)
            if step:
                step(argument)
            self.known[word] = argument

    def run(self, script: str) -> str:
        """Run a shell script as a container of this image would."""
        return self.room.run(f"cd {self.directory} && {script}", user=self.user, **self.variables)

    def command(self, *words: str) -> list[str]:
        """The command line of a container that runs `words`."""
        return self.room.command(
            "env", f"--chdir={self.directory}", *words, user=self.user, **self.variables
        )

    def words(self, instruction: str) -> list[str]:
        """The command of ENTRYPOINT, or of HEALTHCHECK."""
        argument = self.known[instruction]
        words: list[str] = json.loads(argument[argument.index("[") :])
        return words

    def _run(self, argument: str) -> None:
        self.run(argument)

    def _user(self, argument: str) -> None:
        self.user = argument

    def _workdir(self, argument: str) -> None:
        self.directory = argument
        (self.room.root / argument.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _env(self, argument: str) -> None:
        name, _, value = argument.partition("=")
        self.variables[name] = value.replace(f"${name}", self.variables.get(name, ""))

    def _copy(self, argument: str) -> None:
        *sources, target = shlex.split(argument)
        place = self.room.root / os.path.join(self.directory, target).lstrip("/")  # noqa: PTH118
        for source in sources:
            for name in _versioned(source):
                inside = place / Path(name).relative_to(source) if name != source else place
                if name == source and target.endswith("/"):
                    inside = place / Path(name).name
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, inside)


def _versioned(source: str) -> list[str]:
    """The files of a clone under a path, so that nothing else slips in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", source],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [name for name in listed.split("\0") if name and (CHECKOUT / name).is_file()]

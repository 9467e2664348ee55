"""The journal's file, damaged in every way that time allows: it opens, works, and gives back."""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from campaign.figures import Figure
from tts_daemon.domain import SpeakRequest
from tts_daemon.playback.journal import Journal

PROMISE = """\
Whatever byte is wrong or missing, the daemon starts, keeps what can be decoded, and never speaks
what was not sent. A full disk loses nothing once there is room."""

NAMES = ("first", "second", "third")
TEXTS = ("二", "长" * 300, "四")
"""The second lies on several pages."""


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """Cut and flip, a byte at a time and in random order, for so many seconds."""
    directory.mkdir()
    logging.disable(logging.CRITICAL)
    whole = _image(directory / "image.db")
    place = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else directory
    path = place / f"campaign-{os.getpid()}.db"
    counts: Counter[str] = Counter()
    end_s = time.monotonic() + seconds
    try:
        for kind, content in _damaged(whole, random.Random(seed)):
            if time.monotonic() > end_s:
                break
            counts[kind] += 1
            try:
                counts[f"{kind}: recovered"] += _recovered(path, content)
            except Exception as error:
                print(f"journal: {kind}: {error!r}", flush=True)
                counts["failures"] += 1
    finally:
        logging.disable(logging.NOTSET)
        for left in place.glob(f"{path.name}*"):
            left.unlink()
    figures = []
    for kind in ("file cut at a byte", "byte of the file turned over"):
        share = 100 * counts[f"{kind}: recovered"] / max(1, len(NAMES) * counts[kind])
        figures.append(Figure(f"{kind}, times", counts[kind]))
        figures.append(Figure(f"{kind}: requests recovered", share, unit="%"))
    name = "damaged journals that did not open, work, or tell the truth"
    failed = Figure(name, counts["failures"], 0)
    return [*figures, failed, *_full_disk(directory)]


def _image(path: Path) -> bytes:
    journal = Journal(path)
    journal.open()
    for name, text in zip(NAMES, TEXTS, strict=True):
        journal.accept(SpeakRequest(text, id=name))
    journal.close()
    return path.read_bytes()


def _damaged(whole: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Endless; every byte once before any comes twice."""
    while True:
        for place in chance.sample(range(len(whole)), len(whole)):
            yield "file cut at a byte", whole[:place]
            turned = bytes([whole[place] ^ chance.randint(1, 255)])
            yield "byte of the file turned over", whole[:place] + turned + whole[place + 1 :]


def _recovered(path: Path, content: bytes) -> int:
    """How many requests come back, after the journal has shown that it works."""
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    path.write_bytes(content)
    journal = Journal(path)
    remembered = journal.open()
    found = [*remembered.waiting, *remembered.interrupted]
    texts = {item.request.id: item.request.text for item in found}
    known = dict(zip(NAMES, TEXTS, strict=True))
    # One damaged byte in the header may look like a newer version: then it is left alone.
    if not journal.trouble:
        assert journal.keeps(journal.accept(SpeakRequest("五", id="new")))
    journal.close()
    assert texts.items() <= known.items(), texts
    return len(texts)


def _full_disk(directory: Path) -> list[Figure]:
    """A small file system in blocks of 1 KB: nothing ends the process, and nothing is lost."""
    place, disk = directory / "full", directory / "disk.img"
    place.mkdir()
    disk.write_bytes(bytes(4 << 20))
    make = ["mkfs.ext2", "-q", "-b", "1024", str(disk)]
    mount = ["mount", "-o", "loop", str(disk), str(place)]
    if os.geteuid() != 0 or shutil.which("mkfs.ext2") is None:
        return []
    if any(subprocess.run(command, check=False).returncode for command in (make, mount)):
        return []
    try:
        journal = Journal(place / "queue.db", retry_s=0.05)
        journal.open()
        filler = place / "filler"
        serials = [journal.accept(SpeakRequest("字" * 200, id=f"b{n}")) for n in range(5)]
        with filler.open("wb") as file:
            _fill(file.fileno())
        serials += [journal.accept(SpeakRequest("字" * 200, id=f"f{n}")) for n in range(200)]
        unkept = sum(not journal.keeps(serial) for serial in serials)
        filler.unlink()
        for serial in serials[5:180]:
            journal.end(serial)
        journal.close()
        again = Journal(place / "queue.db")
        waiting = len(again.open().waiting)
        again.close()
    finally:
        subprocess.run(["umount", str(place)], check=False)
    return [
        Figure("requests accepted on a full disk (1 KB blocks)", unkept),
        Figure("of them lost, or spoken again, once there was room", abs(30 - waiting), 0),
    ]


def _fill(file: int) -> None:
    try:
        while True:
            os.write(file, bytes(512))
    except OSError:
        return

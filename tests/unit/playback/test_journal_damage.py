"""A journal that was damaged: any byte of it may be wrong or missing."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.fake_clock import FakeClock

from tts_daemon.domain import SpeakRequest
from tts_daemon.playback.journal import Journal

LONG = "长" * 300
"""Longer than a page: its row lies on several."""


class Image:
    """The files of a journal with three requests that wait, as a power cut would leave them."""

    def __init__(self, directory: Path) -> None:
        path = directory / "image.db"
        journal = Journal(path, FakeClock())
        journal.open()
        journal.close()
        self.empty = path.read_bytes()
        journal = Journal(path, FakeClock())
        journal.open()
        journal.end(journal.accept(SpeakRequest("一", id="ended")))
        for name, text in (("first", "二"), ("second", LONG), ("third", "四")):
            journal.accept(SpeakRequest(text, id=name))
        journal.remember("volume", [100.0, 40.0])
        # Read beside the journal that has it open; its log is not folded into it yet.
        self.log = Path(f"{path}-wal").read_bytes()
        journal.close()
        self.whole = path.read_bytes()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A directory where writing through to the disk costs nothing, if there is such a place."""
    place = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    directory = place / f"journal-{os.getpid()}"
    directory.mkdir()
    yield directory
    shutil.rmtree(directory)


ALL = ["first", "second", "third"]


def put(directory: Path, whole: bytes, log: bytes = b"") -> Path:
    for old in directory.iterdir():
        old.unlink()
    (directory / "queue.db").write_bytes(whole)
    if log:
        (directory / "queue.db-wal").write_bytes(log)
    return directory / "queue.db"


def recovered(path: Path, *, is_tried: bool = False) -> list[str]:
    """Open a journal in whatever state, and use it; which requests it remembers."""
    journal = Journal(path, FakeClock())
    remembered = journal.open()
    assert not journal.trouble
    waiting = remembered.waiting
    for utterance in waiting:
        expected = LONG if utterance.request.id == "second" else utterance.request.text
        assert utterance.request.text == expected
    if is_tried:
        serial = journal.accept(SpeakRequest("五", id="new"))
        assert journal.keeps(serial)
        assert serial > max([item.serial for item in waiting], default=0)
    journal.close()
    return [item.request.id for item in waiting]


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def places(content: bytes, step: int) -> range:
    """Every byte where TTS_EVERY_BYTE is set, as in the campaign; else a fair part of them."""
    return range(0, len(content), 1 if os.environ.get("TTS_EVERY_BYTE") else step)


@pytest.mark.timeout(600)
def test_a_log_that_was_cut_keeps_a_beginning(image: Image, memory: Path) -> None:
    seen = [recovered(put(memory, image.empty, image.log[:cut])) for cut in places(image.log, 97)]
    # What was written later is never there without what was written before.
    beginnings = [[], ["ended"], *(ALL[:count] for count in range(1, 4))]
    assert all(names in beginnings for names in seen)
    counts = [len(set(names) & set(ALL)) for names in seen]
    assert counts == sorted(counts)
    assert recovered(put(memory, image.empty, image.log), is_tried=True) == ALL


@pytest.mark.timeout(600)
def test_a_file_that_was_cut_yields_what_is_left(image: Image, memory: Path) -> None:
    counts = []
    for cut in places(image.whole, 61):
        names = recovered(put(memory, image.whole[:cut]), is_tried=cut % 5 == 0)
        assert set(names) <= set(ALL)
        counts.append(len(names))
    # What comes back is not all or nothing.
    assert {0, 1, 2} <= set(counts)


@pytest.mark.timeout(600)
def test_a_wrong_byte_in_the_file_costs_at_most_what_lies_there(image: Image, memory: Path) -> None:
    lost = []
    for place in places(image.whole, 41):
        names = recovered(put(memory, flipped(image.whole, place)), is_tried=place % 5 == 0)
        assert set(names) <= set(ALL)
        lost.append(len(ALL) - len(names))
    assert sum(count == 0 for count in lost) > len(lost) / 3


@pytest.mark.timeout(600)
def test_a_wrong_byte_in_the_log_costs_what_lies_behind_it(image: Image, memory: Path) -> None:
    for place in places(image.log, 131):
        names = recovered(put(memory, image.empty, flipped(image.log, place)))
        assert set(names) <= {"ended", *ALL}


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("a setting that is no JSON", "UPDATE settings SET value='{\xff'"),
        ("a volume of another kind", "UPDATE settings SET value='[100.0, 1e300]'"),
        (
            "a text that was changed",
            "UPDATE utterances SET request=replace(request, 'u4e8c', 'u4e8d')",
        ),
        ("a number of tries", "UPDATE utterances SET begun='often' WHERE id='first'"),
        ("a time that is none", "UPDATE utterances SET boot_s='x' WHERE id='first'"),
    ],
)
def test_rows_are_believed_one_by_one(
    image: Image, memory: Path, name: str, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(memory, image.whole)
    database = sqlite3.connect(path)
    database.execute(statement)
    database.commit()
    database.close()
    names = recovered(path, is_tried=True)
    assert names in (ALL, ["second", "third"]), name
    if names != ALL:
        assert "1 requests were damaged" in caplog.text


@pytest.mark.parametrize("place", [18, 19])
def test_a_header_that_says_read_only_is_damage(image: Image, memory: Path, place: int) -> None:
    whole = image.whole[:place] + b"\x03" + image.whole[place + 1 :]
    assert recovered(put(memory, whole), is_tried=True) == ALL


def test_a_damaged_file_is_set_aside_with_a_warning(
    memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(memory, b"this is no database at all" * 1000)
    assert recovered(path, is_tried=True) == []
    assert path.with_name("queue.db.damaged").read_bytes().startswith(b"this is no database")
    assert "set aside" in caplog.text


def test_the_number_of_recovered_requests_is_told(
    image: Image, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(memory, b"no header" + image.whole[9:])
    assert recovered(path) == ALL
    assert "3 requests recovered" in caplog.text


def test_values_come_back_from_a_damaged_file(image: Image, memory: Path) -> None:
    journal = Journal(put(memory, b"no header" + image.whole[9:]), FakeClock())
    journal.open()
    assert journal.recall("volume") == [100.0, 40.0]
    journal.close()


def test_a_damaged_file_stays_where_there_is_no_room_for_a_new_one(
    image: Image, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(memory, b"no header" + image.whole[9:])
    before = path.read_bytes()
    # Where the new file would be made, something is in the way: as good as no room.
    (memory / "queue.db.new").mkdir()
    journal = Journal(path, FakeClock())
    journal.open()
    assert "cannot be replaced" in journal.trouble
    journal.close()
    assert path.read_bytes() == before
    (memory / "queue.db.new").rmdir()
    assert recovered(path) == ALL

"""The journal after good and bad ends, with the real file."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.fake_clock import FakeClock

from tts_daemon.domain import Policy, Priority, SpeakRequest
from tts_daemon.playback.journal import Journal, Remembered

FULL = SpeakRequest(
    "今天 26℃。\n“好”",
    id="a",
    preset="happy",
    overrides={"speed": 1.2, "emotion": "sad"},
    priority=Priority.MESSAGE,
    policy=Policy.REPLACE,
    key="weather",
    ttl_s=60.0,
    created_s=1_700_001_000.0,
    source="mqtt",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "queue.db"


def opened(path: Path, clock: FakeClock | None = None) -> tuple[Journal, Remembered]:
    journal = Journal(path, clock or FakeClock())
    return journal, journal.open()


def requests(remembered: Remembered) -> list[SpeakRequest]:
    return [utterance.request for utterance in remembered.waiting]


def test_a_request_comes_back_with_every_field(path: Path) -> None:
    journal, _ = opened(path)
    journal.accept(FULL)
    journal.close()
    _, remembered = opened(path)
    assert requests(remembered) == [FULL]


def test_many_requests_are_written_through_by_one_flush(path: Path) -> None:
    journal, _ = opened(path)
    database = journal._database
    assert database is not None
    statements: list[str] = []
    database.set_trace_callback(statements.append)
    for name in "abc":
        journal.accept(SpeakRequest("你好", id=name), lasting=False)
    assert "PRAGMA synchronous=FULL" not in statements
    journal.flush()
    journal.flush()
    assert statements.count("PRAGMA synchronous=FULL") == 1
    assert statements[-1].startswith("INSERT")
    journal.accept(SpeakRequest("你好", id="d"), lasting=False)
    journal.accept(SpeakRequest("你好", id="e"))
    journal.flush()
    # What was written through itself has taken along what came before.
    assert statements.count("PRAGMA synchronous=FULL") == 2


def test_what_was_begun_comes_back_apart_and_what_ended_does_not(path: Path) -> None:
    journal, _ = opened(path)
    serials = [journal.accept(SpeakRequest("你好", id=name)) for name in "abcd"]
    journal.begin(serials[0])
    journal.end(serials[0])
    journal.begin(serials[1])
    journal.begin(serials[2])
    journal.wait_again(serials[2])
    journal.close()
    _, remembered = opened(path)
    assert [item.request.id for item in remembered.interrupted] == ["b"]
    assert [item.request.id for item in remembered.waiting] == ["c", "d"]
    assert [name for name, _ in remembered.ids] == ["a", "b", "c", "d"]


def test_serial_numbers_go_on_after_a_restart(path: Path) -> None:
    journal, _ = opened(path)
    last = [journal.accept(SpeakRequest("你好")) for _ in range(3)][-1]
    journal.end(last)
    journal.close()
    journal, _ = opened(path)
    assert journal.accept(SpeakRequest("你好")) > last


def test_values_are_kept(path: Path) -> None:
    journal, _ = opened(path)
    journal.remember("volume", "30")
    journal.remember("volume", "40")
    journal.close()
    journal, _ = opened(path)
    assert journal.recall("volume") == "40"
    assert journal.recall("speed") is None


@pytest.mark.parametrize(("passed_s", "left_s"), [(10.0, 50.0), (90.0, -30.0)])
def test_time_goes_on_while_nobody_looks(path: Path, passed_s: float, left_s: float) -> None:
    clock = FakeClock()
    journal, _ = opened(path, clock)
    journal.accept(FULL)
    journal.close()
    clock.now_s += passed_s
    _, remembered = opened(path, clock)
    (utterance,) = remembered.waiting
    assert utterance.deadline_s == pytest.approx(clock.now_s + left_s)


def test_a_jump_of_the_wall_clock_makes_nothing_older(path: Path) -> None:
    clock = FakeClock()
    journal, _ = opened(path, clock)
    journal.accept(FULL)
    journal.close()
    clock.wall_offset_s += 3600 * 24 * 365
    _, remembered = opened(path, clock)
    (utterance,) = remembered.waiting
    assert utterance.deadline_s == pytest.approx(clock.now_s + 60)


@pytest.mark.parametrize("boots", [("first", "second"), ("", "")], ids=["named", "unnamed"])
def test_after_a_reboot_the_wall_clock_counts(
    path: Path, monkeypatch: pytest.MonkeyPatch, boots: tuple[str, str]
) -> None:
    clock = FakeClock()
    names = iter(boots)
    monkeypatch.setattr("tts_daemon.playback.journal._boot_id", lambda: next(names))
    journal, _ = opened(path, clock)
    journal.accept(FULL)
    journal.close()
    clock.now_s, clock.wall_offset_s = 5.0, clock.wall_s() + 20.0 - 5.0
    _, remembered = opened(path, clock)
    (utterance,) = remembered.waiting
    assert utterance.deadline_s == pytest.approx(5.0 + 60.0 - 20.0)


def test_old_rows_are_pruned_and_waiting_ones_are_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_daemon.playback.journal._KEPT_IDS", 10)
    journal, _ = opened(path)
    journal.accept(SpeakRequest("你好", id="waits"))
    for number in range(50):
        journal.end(journal.accept(SpeakRequest("你好", id=str(number))))
    journal.close()
    rows = sqlite3.connect(path).execute("SELECT id FROM utterances ORDER BY serial").fetchall()
    assert rows[0] == ("waits",)
    assert [name for (name,) in rows[1:]] == [str(number) for number in range(40, 50)]


def test_without_a_path_it_works_and_forgets() -> None:
    journal = Journal(None)
    assert journal.open() == Remembered()
    assert journal.accept(FULL) == 1
    assert not journal.lasting


CHILD = """
import sys
from collections.abc import Iterator
from pathlib import Path
from tts_daemon.domain import SpeakRequest
from tts_daemon.playback.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.open()
for number in range(100000):
    journal.accept(SpeakRequest("你好", id=str(number)))
    print(number, flush=True)
"""


def test_what_was_accepted_survives_kill_9(path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, path], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    promised = [child.stdout.readline().strip() for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    promised += child.stdout.read().split()
    child.wait()
    child.stdout.close()
    _, remembered = opened(path)
    names = [item.request.id for item in remembered.waiting]
    # One more may have been written than could still be said.
    assert names[: len(promised)] == promised
    assert len(names) <= len(promised) + 1


class Image:
    """The files of a journal with two requests that wait, as a power cut would leave them."""

    def __init__(self, directory: Path) -> None:
        path = directory / "queue.db"
        opened(path)[0].close()
        journal, _ = opened(path)
        journal.end(journal.accept(SpeakRequest("一", id="ended")))
        journal.accept(SpeakRequest("二", id="first"))
        journal.accept(SpeakRequest("三", id="second"))
        self.empty = path.read_bytes()
        self.log = (directory / "queue.db-wal").read_bytes()
        journal.close()
        self.whole = path.read_bytes()


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Image:
    # The smallest pages there are: thousands of cuts instead of tens of thousands.
    monkeypatch.setattr("tts_daemon.playback.journal._PAGE_BYTES", 512)
    return Image(tmp_path)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A directory where writing through to the disk costs nothing, if there is such a place."""
    place = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    directory = place / f"journal-{os.getpid()}"
    directory.mkdir()
    yield directory
    shutil.rmtree(directory)


def put(directory: Path, whole: bytes, log: bytes = b"") -> Path:
    for old in directory.iterdir():
        old.unlink()
    (directory / "queue.db").write_bytes(whole)
    if log:
        (directory / "queue.db-wal").write_bytes(log)
    return directory / "queue.db"


def recovered(path: Path) -> list[str]:
    """Open a journal in whatever state; which requests it remembers."""
    journal, remembered = opened(path)
    assert journal.lasting
    journal.close()
    return [item.request.id for item in remembered.waiting]


def works(path: Path) -> bool:
    """Whether the journal takes a request and gives it back."""
    journal, _ = opened(path)
    journal.accept(SpeakRequest("四", id="new"))
    journal.close()
    return recovered(path)[-1] == "new"


@pytest.mark.timeout(300)
def test_a_log_that_was_cut_at_any_byte_keeps_a_beginning(image: Image, memory: Path) -> None:
    seen = []
    for cut in range(len(image.log) + 1):
        path = put(memory, image.empty, image.log[:cut])
        names = recovered(path)
        if names not in seen:
            seen.append(names)
            assert works(path)
    # What was written later is never there without what was written before.
    assert seen == [[], ["ended"], ["first"], ["first", "second"]]


@pytest.mark.timeout(300)
def test_a_file_that_was_cut_at_any_byte_is_no_reason_to_stop(image: Image, memory: Path) -> None:
    for cut in range(len(image.whole)):
        path = put(memory, image.whole[:cut])
        assert set(recovered(path)) <= {"first", "second"}
        if cut % 100 == 0:
            assert works(path)
    assert recovered(put(memory, image.whole)) == ["first", "second"]


def test_a_damaged_file_is_set_aside_with_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all" * 1000)
    assert works(path)
    assert path.with_name("queue.db.damaged").read_bytes().startswith(b"this is no database")
    assert "set aside" in caplog.text


def test_rows_that_a_damaged_file_still_yields_are_kept(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = bytearray(Image(tmp_path).whole)
    # Spoil the third and last page, which holds the settings.
    whole[2048:] = b"\xff" * 1024
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(whole)
    assert recovered(path) == ["first", "second"]
    assert "2 requests recovered" in caplog.text


def test_a_full_disk_costs_one_warning_and_no_speech(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal, _ = opened(path)
    database = journal._database
    assert database is not None
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages}")
    with caplog.at_level(logging.INFO):
        serials = [journal.accept(SpeakRequest("很长" * 3000)) for _ in range(3)]
        assert len(set(serials)) == 3
        assert not journal.lasting
        assert caplog.text.count("cannot be written") == 1
        database.execute("PRAGMA max_page_count=100000")
        journal.accept(SpeakRequest("你好", id="after"))
        assert journal.lasting
        assert "is written again" in caplog.text
    journal.close()
    _, remembered = opened(path)
    assert [item.request.id for item in remembered.waiting] == ["after"]


def test_what_ended_while_the_disk_was_full_does_not_come_again(path: Path) -> None:
    journal, _ = opened(path)
    first, second = (journal.accept(SpeakRequest("你好", id=name)) for name in ("first", "second"))
    database = journal._database
    assert database is not None
    database.execute("PRAGMA query_only=1")
    journal.begin(first)
    journal.end(first)
    database.execute("PRAGMA query_only=0")
    journal.begin(second)
    journal.close()
    _, remembered = opened(path)
    assert remembered.waiting == ()
    assert [item.request.id for item in remembered.interrupted] == ["second"]


def test_a_disk_with_room_for_short_requests_only_costs_one_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal, _ = opened(path)
    database = journal._database
    assert database is not None
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages + 4}")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            journal.accept(SpeakRequest("很长" * 3000))
            assert not journal.lasting
            journal.accept(SpeakRequest("短"))
            assert journal.lasting
    assert caplog.text.count("cannot be written") == 1
    assert caplog.text.count("is written again") == 1


def test_a_place_that_cannot_be_written_costs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    journal, remembered = opened(tmp_path / "state" / "queue.db")
    assert remembered == Remembered()
    assert journal.accept(FULL) == 1
    journal.begin(1)
    journal.end(1)
    journal.close()
    assert not journal.lasting
    assert "cannot be used" in caplog.text

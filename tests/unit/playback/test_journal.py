"""The journal after good and bad ends, with the real file."""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.fake_clock import FakeClock

from tts_daemon.domain import Event, EventType, Policy, Priority, SpeakRequest
from tts_daemon.playback import _journal_file as journal_file
from tts_daemon.playback._journal_rows import Row
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


_OPENED: list[Journal] = []


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state" / "queue.db"
    while _OPENED:
        _OPENED.pop().close()


def opened(path: Path, clock: FakeClock | None = None) -> tuple[Journal, Remembered]:
    journal = Journal(path, clock or FakeClock())
    _OPENED.append(journal)
    return journal, journal.open()


def requests(remembered: Remembered) -> list[SpeakRequest]:
    return [utterance.request for utterance in remembered.waiting]


def test_a_request_comes_back_with_every_field(path: Path) -> None:
    journal, _ = opened(path)
    journal.accept(FULL)
    journal.close()
    _, remembered = opened(path)
    assert requests(remembered) == [FULL]


def test_many_requests_are_written_through_by_one_flush(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = opened(path)
    syncs: list[Path] = []
    monkeypatch.setattr(journal_file, "sync_log", syncs.append)
    for name in "abc":
        journal.accept(SpeakRequest("你好", id=name))
    assert syncs == []
    journal.flush()
    journal.flush()
    assert syncs == [path]
    journal.accept(SpeakRequest("你好", id="d"))
    journal.flush()
    assert syncs == [path, path]


def test_who_flushes_while_the_disk_is_slow_shares_the_next_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = opened(path)
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(_: Path) -> None:
        begun.release()
        assert go_on.wait(20)

    monkeypatch.setattr(journal_file, "sync_log", slow)

    def send(name: str) -> threading.Thread:
        # Accepting waits for no disk, not even while another sender's request is written through.
        journal.accept(SpeakRequest("你好", id=name))
        thread = threading.Thread(target=journal.flush)
        thread.start()
        return thread

    threads = [send("first")]
    assert begun.acquire(timeout=20)
    threads += [send(name) for name in "abcdef"]
    go_on.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert begun.acquire(timeout=20)
    assert not begun.acquire(blocking=False), "those who came meanwhile did not share"


def test_a_disk_that_cannot_write_through_is_told_and_asked_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = opened(path)
    journal.accept(SpeakRequest("你好", id="a"))

    def broken(_: Path) -> None:
        raise OSError("I/O error")

    monkeypatch.setattr(journal_file, "sync_log", broken)
    journal.flush()
    assert "I/O error" in journal.trouble
    syncs: list[Path] = []
    monkeypatch.setattr(journal_file, "sync_log", syncs.append)
    journal.flush()
    assert syncs == [path]


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
    assert [known.id for known in remembered.ids] == ["a", "b", "c", "d"]


def test_serial_numbers_go_on_after_a_restart(path: Path) -> None:
    journal, _ = opened(path)
    last = [journal.accept(SpeakRequest("你好")) for _ in range(3)][-1]
    journal.end(last)
    journal.close()
    journal, _ = opened(path)
    assert journal.accept(SpeakRequest("你好")) > last


def test_values_are_kept(path: Path) -> None:
    journal, _ = opened(path)
    journal.remember("volume", 30)
    journal.remember("volume", [40, "%"])
    journal.close()
    journal, _ = opened(path)
    assert journal.recall("volume") == [40, "%"]
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


def test_a_machine_that_learns_the_time_after_a_request_expires_nothing_at_the_next_boot(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    names = iter(("first", "second"))
    monkeypatch.setattr("tts_daemon.playback.journal._boot_id", lambda: next(names))
    journal, _ = opened(path, clock)
    journal.accept(FULL)
    clock.wall_offset_s += 3600 * 24 * 365
    journal.accept(SpeakRequest("你好", id="later"))
    journal.close()
    clock.now_s, clock.wall_offset_s = 5.0, clock.wall_s() + 20.0 - 5.0
    _, remembered = opened(path, clock)
    assert remembered.waiting[0].deadline_s == pytest.approx(5.0 + 60.0 - 20.0)


def test_old_rows_are_pruned_and_waiting_ones_are_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_daemon.playback.journal.KEPT_IDS", 10)
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
    assert not journal.keeps(1)


CHILD = """
import sys
from collections import deque
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


def limit_pages(journal: Journal, more: int) -> None:
    """Let the file grow by so many pages and no further: a disk that is full."""
    database = journal._database
    assert database is not None
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count={pages + more}")


def test_a_full_disk_costs_one_warning_and_no_speech(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal, _ = opened(path)
    limit_pages(journal, 0)
    with caplog.at_level(logging.INFO):
        serials = [journal.accept(SpeakRequest("很长" * 3000, id=name)) for name in "abc"]
        assert len(set(serials)) == 3
        assert not any(map(journal.keeps, serials))
        assert "cannot be written" in journal.trouble
        assert caplog.text.count("cannot be written") == 1
        limit_pages(journal, 1000)
        assert journal.keeps(journal.accept(SpeakRequest("你好", id="after")))
        assert all(map(journal.keeps, serials))
        assert "is written again" in caplog.text
        assert not journal.trouble
    journal.close()
    assert [item.request.id for item in opened(path)[1].waiting] == ["a", "b", "c", "after"]


def test_a_disk_with_room_for_little_costs_one_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal, _ = opened(path)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            limit_pages(journal, 0)
            journal.accept(SpeakRequest("很长" * 3000))
            limit_pages(journal, 1000)
            journal.accept(SpeakRequest("短"))
    assert caplog.text.count("cannot be written") == 1
    assert caplog.text.count("is written again") == 1


def test_what_ended_while_the_disk_was_full_does_not_come_again(path: Path) -> None:
    journal, _ = opened(path)
    first, second = (journal.accept(SpeakRequest("你好", id=name)) for name in ("first", "second"))
    database = journal._database
    assert database is not None
    database.execute("PRAGMA query_only=1")
    journal.begin(first)
    # Nobody waits for a disk that has no room to hear how it ended.
    assert journal.is_written(journal.end(first))
    database.execute("PRAGMA query_only=0")
    journal.begin(second)
    journal.close()
    _, remembered = opened(path)
    assert remembered.waiting == ()
    assert [item.request.id for item in remembered.interrupted] == ["second"]


def test_an_ending_is_told_when_it_is_written_and_kept_until_somebody_has_it(path: Path) -> None:
    journal, _ = opened(path)
    first, second = (journal.accept(SpeakRequest("你好", id=name)) for name in ("first", "second"))
    events = [Event(EventType.FINISHED, name, audio_ms=1.5) for name in ("first", "second")]
    with journal._lock:
        # Another thread is just writing through to the disk: the worker does not wait for it.
        ticket = journal.end(first, events[0])
        assert not journal.is_written(ticket)
    journal.flush()
    assert journal.is_written(ticket)
    journal.end(second, events[1])
    journal.told(first)
    journal.close()
    journal, remembered = opened(path)
    assert remembered.endings == ((second, events[1]),)
    journal.told(second)
    journal.close()
    assert opened(path)[1].endings == ()


def test_how_often_it_was_begun_is_counted_unless_it_was_not_its_fault(path: Path) -> None:
    journal, _ = opened(path)
    serials = [journal.accept(SpeakRequest("你好", id=name)) for name in "abc"]
    for serial in serials:
        journal.begin(serial)
    journal.wait_again(serials[1])
    journal.forgive(serials[2])
    journal.close()
    journal, remembered = opened(path)
    counts = {item.request.id: item.begun for item in remembered.interrupted}
    assert counts == {"a": 1, "c": 0}
    assert [item.begun for item in remembered.waiting] == [0]
    journal.begin(serials[0])
    journal.close()
    assert opened(path)[1].interrupted[0].begun == 2


def test_many_values_leave_a_short_log(path: Path) -> None:
    journal, _ = opened(path)
    threading.Thread(target=lambda: deque(journal.upkeep(), maxlen=0), daemon=True).start()
    log = Path(f"{path}-wal")
    largest = 0
    for number in range(4000):
        journal.remember("volume", number)
        largest = max(largest, log.stat().st_size)
    # A thread folds it, while more is written: some rounds may pass before it is its turn.
    assert largest < 4_000_000
    journal.close()
    assert opened(path)[0].recall("volume") == 3999


class Later:
    """A journal whose file cannot be used at first."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path, FakeClock(), retry_s=0.01)
        self.merged: queue.SimpleQueue[Remembered] = queue.SimpleQueue()
        assert self.journal.open() == Remembered()
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self) -> None:
        for remembered in self.journal.upkeep():
            if remembered is not None:
                self.merged.put(remembered)

    def names(self) -> list[str]:
        return [item.request.id for item in self.merged.get(timeout=60).waiting]


def kept(path: Path, *names: str) -> None:
    journal, _ = opened(path)
    for name in names:
        journal.accept(SpeakRequest("你好", id=name))
    journal.close()


def test_a_journal_of_another_process_is_waited_for_and_merged(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept(path, "earlier", "heard")
    other, _ = opened(path)
    later = Later(path)
    assert "locked" in later.journal.trouble
    gone = later.journal.accept(SpeakRequest("你好", id="gone"))
    stays = later.journal.accept(SpeakRequest("你好", id="stays"))
    later.journal.begin(gone)
    later.journal.end(gone)
    assert not later.journal.keeps(stays)
    other.close()
    assert later.names() == ["earlier", "heard"]
    later.journal.close()
    assert later.journal.keeps(stays)
    assert [item.request.id for item in opened(path)[1].waiting] == ["earlier", "heard", "stays"]
    assert not path.with_name("queue.db.damaged").exists()
    assert caplog.text.count("locked") == 1


def test_a_directory_in_its_place_stays_until_it_is_gone(path: Path) -> None:
    path.mkdir(parents=True)
    later = Later(path)
    assert "directory" in later.journal.trouble
    serial = later.journal.accept(SpeakRequest("你好", id="a"))
    path.rmdir()
    assert later.names() == []
    later.journal.close()
    assert later.journal.keeps(serial)
    assert [item.request.id for item in opened(path)[1].waiting] == ["a"]


@pytest.mark.parametrize("newer", [False, True], ids=["a stranger's", "of a newer version"])
def test_a_file_that_is_not_for_us_is_left_untouched(path: Path, newer: bool) -> None:
    path.parent.mkdir()
    if newer:
        kept(path, "a")
    with contextlib.closing(sqlite3.connect(path)) as database:
        if newer:
            database.execute("PRAGMA user_version=7")
            database.execute("UPDATE settings SET value='7' WHERE name='version'")
        else:
            database.execute("CREATE TABLE recipes (name TEXT)")
        database.commit()
    before = path.read_bytes()
    later = Later(path)
    assert ("newer version (schema 7" if newer else "another program") in later.journal.trouble
    later.journal.accept(SpeakRequest("你好"))
    later.journal.close()
    assert path.read_bytes() == before


def test_a_file_of_the_first_version_is_taken_over(path: Path) -> None:
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(FIRST_VERSION)
        row = Row.of(5, FULL, (1.7e9, "", 1.0)).values[:8]
        database.execute("INSERT INTO utterances VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        database.commit()
    journal, remembered = opened(path)
    assert requests(remembered) == [FULL]
    assert journal.recall("volume") == 30
    assert journal.accept(SpeakRequest("你好")) == 6
    journal.close()
    assert requests(opened(path)[1])[0] == FULL


FIRST_VERSION = """
CREATE TABLE utterances (
    serial INTEGER PRIMARY KEY, id TEXT NOT NULL, fingerprint INTEGER NOT NULL,
    request TEXT NOT NULL, accepted_s REAL NOT NULL, boot TEXT NOT NULL, boot_s REAL NOT NULL,
    state TEXT NOT NULL
);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO settings VALUES ('volume', '30');
"""


def test_a_place_that_cannot_be_written_costs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    journal, remembered = opened(tmp_path / "state" / "queue.db")
    assert remembered == Remembered()
    serial = journal.accept(FULL)
    journal.begin(serial)
    journal.end(serial)
    journal.close()
    assert not journal.keeps(serial)
    assert "cannot be opened" in caplog.text

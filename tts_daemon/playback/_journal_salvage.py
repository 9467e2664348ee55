"""Rows out of an SQLite file that SQLite itself no longer reads, page by page.

SQLite gives up at the first page that is wrong. Here every page is looked at by itself: those of
the file, then those of the write-ahead log in the order in which they were written, and every cell
of a leaf that can be decoded is handed out. Whoever takes the rows has to check them.

Source: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_TABLE_LEAF, _INDEX_LEAF = 0x0D, 0x0A
_FILE_HEADER_BYTES = 100
_LOG_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_MOST_PAYLOAD_BYTES = 4 << 20
_MOST_FILE_BYTES = 256 << 20
_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer, by its serial type."""

Values = list[object]


def salvage(path: Path, usual_page_bytes: int) -> Iterator[Values]:
    """Yield the columns of every row that can still be decoded, the oldest versions first.

    A row of a table with an integer key begins with that key.

    Args:
        path: The file; its log lies beside it.
        usual_page_bytes: Size of a page where neither file nor log can be believed about it.

    Raises:
        OSError: The file cannot be read.
    """
    whole, log = _read(path), _read(Path(f"{path}-wal"))
    size = _page_bytes(whole, log) or usual_page_bytes
    newest: dict[int, bytes] = {}
    images: list[tuple[int, bytes]] = []
    for number in range(-(-len(whole) // size)):
        page = whole[number * size : (number + 1) * size].ljust(size, b"\0")
        images.append((number + 1, page))
    images += _frames(log, size)
    newest.update(images)
    for number, page in images:
        yield from _leaf(page, _FILE_HEADER_BYTES if number == 1 else 0, newest)


def _read(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_MOST_FILE_BYTES)


def _page_bytes(whole: bytes, log: bytes) -> int:
    sizes = []
    if len(log) >= _LOG_HEADER_BYTES:
        sizes.append(int.from_bytes(log[8:12], "big"))
    if len(whole) >= _FILE_HEADER_BYTES:
        size = int.from_bytes(whole[16:18], "big")
        sizes.append(65536 if size == 1 else size)
    plausible = [size for size in sizes if 512 <= size <= 65536 and size & (size - 1) == 0]
    # Where both are there they agree, or one of them is damaged: then the usual size decides.
    return plausible[0] if len(set(plausible)) == 1 else 0


def _frames(log: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """Pages of the log that belong to its newest round: older frames may lie behind them."""
    step = _FRAME_HEADER_BYTES + size
    starts = range(_LOG_HEADER_BYTES, len(log) - step + 1, step)
    salts = [log[start + 8 : start + 16] for start in starts]
    newest = max(set(salts[:3]), key=salts[:3].count) if salts else b""
    for start, salt in zip(starts, salts, strict=True):
        number = int.from_bytes(log[start : start + 4], "big")
        if salt == newest and number:
            yield number, log[start + _FRAME_HEADER_BYTES : start + step]


def _leaf(page: bytes, begin: int, pages: dict[int, bytes]) -> Iterator[Values]:
    kind = page[begin]
    if kind not in (_TABLE_LEAF, _INDEX_LEAF):
        return
    count = int.from_bytes(page[begin + 3 : begin + 5], "big")
    pointers = page[begin + 8 : begin + 8 + 2 * count]
    for (place,) in struct.iter_unpack(">H", pointers[: len(pointers) // 2 * 2]):
        try:
            yield _cell(page, place, is_table=kind == _TABLE_LEAF, pages=pages)
        except (IndexError, ValueError, KeyError, struct.error):
            continue


def _cell(page: bytes, place: int, *, is_table: bool, pages: dict[int, bytes]) -> Values:
    length, place = _varint(page, place)
    if not 0 < length <= _MOST_PAYLOAD_BYTES:
        raise ValueError("no length of a row")
    serial = 0
    if is_table:
        serial, place = _varint(page, place)
    values = _record(_payload(page, place, length, is_table=is_table, pages=pages))
    # The column that is the key is stored as nothing.
    return [serial, *values[1:]] if is_table else values


def _payload(
    page: bytes, place: int, length: int, *, is_table: bool, pages: dict[int, bytes]
) -> bytes:
    usable = len(page)
    most = usable - 35 if is_table else (usable - 12) * 64 // 255 - 23
    if length <= most:
        return page[place : place + length]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    local = local if local <= most else least
    payload = bytearray(page[place : place + local])
    follows = int.from_bytes(page[place + local : place + local + 4], "big")
    while len(payload) < length:
        further = pages[follows]
        payload += further[4:]
        follows = int.from_bytes(further[:4], "big")
    return bytes(payload[:length])


def _record(payload: bytes) -> Values:
    header_bytes, place = _varint(payload, 0)
    values: Values = []
    content = header_bytes
    while place < header_bytes:
        kind, place = _varint(payload, place)
        value, content = _value(payload, content, kind)
        values.append(value)
    if content != len(payload):
        raise ValueError("a row of another length")
    return values


def _value(payload: bytes, place: int, kind: int) -> tuple[object, int]:
    if kind in (0, 8, 9):
        return (None if kind == 0 else kind - 8), place
    size = _SIZES.get(kind, 8) if kind <= 7 else (kind - 12) // 2
    raw = payload[place : place + size]
    if len(raw) != size or kind in (10, 11):
        raise ValueError("a value is cut off")
    place += size
    if kind == 7:
        return struct.unpack(">d", raw)[0], place
    if kind < 7:
        return int.from_bytes(raw, "big", signed=True), place
    return (raw.decode("utf-8") if kind % 2 else raw), place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        byte = data[place + index]
        if index == 8:
            return (value << 8) | byte, place + 9
        value = (value << 7) | (byte & 0x7F)
        if not byte & 0x80:
            return value, place + index + 1
    raise ValueError("no number")

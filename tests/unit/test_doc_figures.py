"""Figures that stand in several documents have one value, and that is the measured one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VOICE = ROOT / "models" / "wuyin"


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def cells(document: str, row: str, after: str = "") -> list[str]:
    """The row of a table that begins so, behind a heading."""
    text = text_of(document)
    lines = text[text.index(after) :].splitlines()
    line = next(line for line in lines if line.startswith(f"| {row} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def found(document: str, *patterns: str) -> list[float]:
    """The number that each pattern catches; line breaks count as spaces."""
    text = " ".join(text_of(document).split())
    caught = [re.search(pattern, text) for pattern in patterns]
    assert all(caught), [
        pattern for pattern, each in zip(patterns, caught, strict=True) if not each
    ]
    return [float(each[1]) for each in caught if each]


@pytest.fixture(scope="module")
def measured() -> list[float]:
    """Package in MB, peak memory in MB, real-time factor, first audio in ms, as tts-bench wrote."""
    size, peak, _, factor, first, *_ = cells(
        "docs/performance.md", "static", "## The embedded voice as it is shipped"
    )
    return [round(float(size), 1), round(float(peak)), round(float(factor), 3), round(float(first))]


@pytest.mark.parametrize("document", ["README.md", "README.zh-CN.md"])
def test_the_headline_is_what_was_measured(document: str, measured: list[float]) -> None:
    assert numbers(" ".join(cells(document, "1"))) == measured


def test_the_voices_page_and_the_changelog_say_the_same(measured: list[float]) -> None:
    assert measured == found(
        "docs/voice.md",
        r"The package has (\S+) MB",
        r"peak memory (\d+) MB",
        r"real-time factor (\S+) at 1 thread",
        r"first audio (\d+) ms for 50 characters",
    )
    size, _, factor, first = measured
    entry = r"The embedded voice `wuyin`: "
    assert [size, factor, first] == found(
        "CHANGELOG.md",
        rf"{entry}(\S+) MB",
        rf"{entry}.*?real-time factor (\S+) at one thread",
        rf"{entry}.*?(\d+) ms to the first audio",
    )


def test_the_size_is_that_of_the_package(measured: list[float]) -> None:
    listed = json.loads((VOICE / "voice.json").read_text(encoding="utf-8"))["graphs"].values()
    size_mb = sum((VOICE / graph["file"]).stat().st_size for graph in listed) / 1e6
    assert measured[0] == pytest.approx(size_mb, abs=0.15)


def test_how_it_was_judged_is_said_with_one_value() -> None:
    _, wrong, _, overall, p808, _ = cells("docs/voice.md", "**wuyin, general**")
    teacher = cells("docs/voice.md", "teacher, general")[1]
    assert [*numbers(wrong), *numbers(teacher), float(overall), float(p808)] == found(
        "CHANGELOG.md",
        r"(\S+) % of the syllables misheard by Whisper base",
        r"\(its teacher: (\S+) %\)",
        r"Whisper base .*?DNSMOS (\S+) \(P",
        r"Whisper base .*?\(P\.808 ([\d.]+)\)",
    )


def test_the_articles_table_repeats_our_own() -> None:
    for precision, mode in (
        ("FP32", "fp32-torch"),
        ("dynamic INT8", "dynamic"),
        ("static INT8", "static"),
    ):
        size, peak, latency, *_ = cells("docs/performance.md", mode, "## Modes, published size")
        beside = cells("docs/performance.md", precision, "## Beside the article")
        assert beside[1::2] == [size, peak, latency]

"""Odd strings: pieces of real texts in any order (`tests/data/text_seeds.txt`), and noise.

The long run is `python -m bench.fuzz_text 1000000` (from tests/).
"""

from __future__ import annotations

from itertools import islice

import pytest
from fakes.text_fuzz import Checker, seeds, strings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker()


def test_every_seed(checker: Checker) -> None:
    for seed in seeds():
        checker.check(seed)


def test_seeds_in_any_order(checker: Checker) -> None:
    for text in islice(strings(seed=1), 500):
        checker.check(text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.sampled_from(seeds()), st.text(max_size=4)), max_size=8))
def test_seeds_and_noise(checker: Checker, pieces: list[str]) -> None:
    checker.check("".join(pieces))

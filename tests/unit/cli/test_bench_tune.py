"""What tts-bench --tune makes of its measurements."""

from __future__ import annotations

import pytest

from tts_daemon.cli.bench_tune import best, thread_counts
from tts_daemon.synthesis.profile import Choice

OWN = Choice("mei", "1", 1)
OWN_2 = Choice("mei", "1", 2)
TWIN = Choice("mei-fp32", "2", 1)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({OWN: 1.0, OWN_2: 0.6, TWIN: 0.9}, OWN_2),
        ({OWN: 1.0, OWN_2: 0.97, TWIN: 0.96}, OWN),
        ({OWN: 1.0, OWN_2: 1.2, TWIN: 0.5}, TWIN),
        ({TWIN: 0.5, OWN_2: 0.51, OWN: 1.0}, OWN_2),
    ],
)
def test_the_fastest_wins_where_it_is_worth_it(
    times: dict[Choice, float], expected: Choice
) -> None:
    assert best(times, "mei") == expected


@pytest.mark.parametrize(
    ("cores", "counts"), [(1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (4, [1, 2, 4]), (6, [1, 2, 4, 6])]
)
def test_numbers_of_threads(cores: int, counts: list[int]) -> None:
    assert thread_counts(cores) == counts

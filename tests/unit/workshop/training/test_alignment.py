"""Labels where they sound, and voices only where they are heard."""

from typing import Any

import numpy as np
import pytest

from tts_daemon.workshop.training.corpus.alignment import (
    LAG_FRAMES,
    aligned,
    between_frames,
    periodicity,
    voiced_f0,
    with_heard_pauses,
)

FRAMES = 40


@pytest.fixture
def record() -> dict[str, Any]:
    """Two syllables, a pause of 6 frames, one syllable; the pitch ends with the phones."""
    durations = [4, 6, 12, 8, 10, 6, 5, 15, 30]
    f0 = np.full(sum(durations), 220.0)
    f0[:4] = f0[40:46] = f0[-30:] = 9.0
    return {
        "phones": ["sil", "m_c", "a_c", "sh_c", "i_c", "#3", "t_c", "a_c", "#4"],
        "durations": durations,
        "f0": f0.tolist(),
    }


def hum(f0_hz: float, voiced_frames: slice) -> np.ndarray:
    """Harmonics of `f0_hz` in some frames, noise as loud in the others."""
    time = np.arange(FRAMES * 200) / 16000
    voice = sum(np.sin(2 * np.pi * k * f0_hz * time) / k for k in range(1, 6)) * 0.05
    noise = np.random.default_rng(0).normal(0, 0.05, len(time))
    mask = np.zeros(FRAMES)
    mask[voiced_frames] = 1
    mask = np.repeat(mask, 200)
    return (voice * mask + noise * (1 - mask)).astype(np.float32)


def test_phones_move_forward_and_nothing_is_lost(record: dict[str, Any]) -> None:
    moved, silence = aligned(record)
    assert silence == 2  # so that two frames of lead-in are left
    assert sum(moved["durations"]) == sum(record["durations"]) + silence == len(moved["f0"])
    assert moved["durations"][0] == 4 + silence - LAG_FRAMES
    assert moved["durations"][1:4] == record["durations"][1:4]


def test_a_pause_moves_with_the_phones(record: dict[str, Any]) -> None:
    moved, _ = aligned(record)
    assert moved["durations"][5] == record["durations"][5]


def spoken(record: dict[str, Any], silent: list[slice]) -> np.ndarray:
    """A hum as long as a record says, silent in some frames."""
    frames = sum(record["durations"])
    loud = np.full(frames, 0.1)
    for stretch in silent:
        loud[stretch] = 0.0001
    waveform = np.repeat(loud, 200) * np.sin(np.arange(frames * 200) / 10)
    return waveform.astype(np.float32)


def pause_of(record: dict[str, Any], silent: list[slice]) -> tuple[int, int]:
    """Where the inner pause of a record begins and ends, as heard."""
    heard = with_heard_pauses(record, spoken(record, silent))
    assert sum(heard["durations"]) == sum(record["durations"])
    assert min(heard["durations"]) >= 0
    ends = np.cumsum(heard["durations"])
    return int(ends[4]), int(ends[5])


def test_silence_before_and_behind_a_pause_becomes_part_of_it(record: dict[str, Any]) -> None:
    assert pause_of(record, [slice(35, 48)]) == (35, 48)  # labelled 40 to 46


def test_sound_in_a_pause_is_no_part_of_it(record: dict[str, Any]) -> None:
    assert pause_of(record, [slice(42, 45)]) == (42, 45)


def test_a_phone_beside_a_pause_keeps_some_frames(record: dict[str, Any]) -> None:
    assert pause_of(record, [slice(28, 58)]) == (33, 48)


def test_a_pause_that_nobody_hears_has_no_frames(record: dict[str, Any]) -> None:
    begin, end = pause_of(record, [])
    assert begin == end


def test_the_last_pause_begins_where_the_sound_ends(record: dict[str, Any]) -> None:
    heard = with_heard_pauses(record, spoken(record, [slice(60, None)]))
    assert heard["durations"][-2:] == [9, 36]


def test_a_long_lead_in_needs_no_silence(record: dict[str, Any]) -> None:
    record["durations"][0] += 8
    record["f0"] = [9.0] * 8 + record["f0"]
    moved, silence = aligned(record)
    assert silence == 0
    assert moved["durations"][0] == 12 - LAG_FRAMES


def test_f0_is_taken_at_the_middle_of_a_frame() -> None:
    f0 = np.array([9, 9, 200, 210, 220, 9], np.float32)
    assert between_frames(f0).tolist() == [9, 9, 205, 215, 220, 9]


@pytest.mark.parametrize("off", [0.95, 1.0, 1.05])
def test_a_voice_is_told_from_noise(off: float) -> None:
    f0 = np.full(FRAMES, 210.0 * off, np.float32)
    found = periodicity(hum(210.0, slice(10, 30)), f0)
    assert found[12:28].min() > 0.9
    assert max(found[:8].max(), found[32:].max()) < 0.5


def test_pitch_is_taken_away_from_noise_and_silence() -> None:
    waveform = hum(210.0, slice(10, 30))
    waveform[34 * 200 :] = 0.0
    f0 = np.full(FRAMES, 210.0, np.float32)
    kept = voiced_f0(waveform, f0) > 0
    assert kept[12:28].all()
    assert not kept[:8].any()
    assert not kept[32:].any()


def test_a_curve_below_any_voice_stays_unvoiced() -> None:
    assert not voiced_f0(hum(210.0, slice(0, FRAMES)), np.full(FRAMES, 60.0, np.float32)).any()

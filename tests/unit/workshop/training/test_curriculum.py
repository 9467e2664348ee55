"""What the teacher reads: enough of everything, wherever the list is broken off."""

import pytest

from tts_daemon.text.phrasing import Phrasing
from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.teacher.curriculum import Prompt, curriculum, judged_texts, mixed
from tts_daemon.workshop.training.teacher.recording import file_name, script_of, style_of
from tts_daemon.workshop.training.teacher.teacher import STYLES

SENTENCES = ["今天天气很好，我们去公园散步。", "手机没有电了。", "老师和学生都喜欢音乐。"]


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing()


@pytest.fixture(scope="module")
def tasks(phrasing: Phrasing) -> list[Prompt]:
    return curriculum(SENTENCES, phrasing)


def test_it_is_the_same_every_time(tasks: list[Prompt], phrasing: Phrasing) -> None:
    assert tasks == curriculum(SENTENCES, phrasing)
    assert len({file_name(task) for task in tasks}) == len(tasks)


def test_lone_syllables_come_in_all_tones(tasks: list[Prompt]) -> None:
    readings = {task.reading[0] for task in tasks if task.reading}
    assert {"ma1", "ma2", "ma3", "ma4", "lv4", "er3"} <= readings
    assert len({reading[:-1] for reading in readings}) > 380


def test_words_of_the_sentences_are_read_alone(tasks: list[Prompt]) -> None:
    assert {"手机。", "音乐。", "公园。"} <= {task.text for task in tasks}


def test_nothing_that_is_judged_is_read(tasks: list[Prompt]) -> None:
    assert len(judged_texts()) >= 60
    assert not judged_texts() & {task.text for task in tasks}


def test_every_phone_is_read_and_every_task_can_be(tasks: list[Prompt], phrasing: Phrasing) -> None:
    some = [task for task in tasks if not task.reading]
    scripts = [script_of(task, phrasing) for task in some]
    assert None not in scripts
    heard = {phone.symbol.sy for spoken in scripts if spoken for phone in spoken.phones}
    first, last = tables.SY.index("aa"), tables.SY.index("pau")
    assert set(tables.SY[first:last]) <= heard


def test_a_statement_and_its_question_are_both_read(tasks: list[Prompt]) -> None:
    texts = {task.text for task in tasks}
    assert {"你去。", "你去？", "你去吗？"} <= texts


def test_a_beginning_has_its_share_of_each_lesson() -> None:
    lessons = {"a": [Prompt(f"a{n}") for n in range(8)], "b": [Prompt(f"b{n}") for n in range(4)]}
    order = [task.text[0] for task in mixed(lessons)]
    assert order[:6].count("a") == 4
    assert order[6:].count("a") == 4


def test_a_text_keeps_its_style_and_half_are_neutral() -> None:
    styles = [style_of(f"第{number}句。") for number in range(2000)]
    assert styles == [style_of(f"第{number}句。") for number in range(2000)]
    assert set(styles) == set(STYLES)
    assert styles.count("neutral") / len(styles) == pytest.approx(11 / 21, abs=0.03)

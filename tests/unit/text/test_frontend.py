"""The whole pass: any text gives clauses that a voice can read."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tts_daemon.domain import Clause, Style
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.sentences import Limits
from tts_daemon.text.symbols import ARPABET, KNOWN, VoiceTraits

# A long run: TTS_FUZZ_EXAMPLES=1000000.
EXAMPLES = int(os.environ.get("TTS_FUZZ_EXAMPLES", "300"))
CHINESE_ONLY = VoiceTraits.of({"sy": sorted(KNOWN - ARPABET)})


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend(resolve_preset={"calm": Style(emotion="sad")}.__getitem__)


def _read(frontend: Frontend, text: str) -> list[Clause]:
    return list(frontend.read(text, Style(), VoiceTraits()))


def test_stages_of_one_sentence(frontend: Frontend) -> None:
    (clause,) = _read(frontend, "温度26.5℃。")
    assert clause.text == "温度26.5℃。"
    assert clause.spoken == "温度二十六点五摄氏度。"
    assert clause.words == ("温度", "二十六点五", "摄氏度")
    assert clause.pinyin[:4] == ("wen1", "du4", "er4", "shi2")
    assert clause.breaks == (1, 1, 4)
    assert [s.sy for s in clause.symbols if s.sy[0] == "#"] == ["#1", "#1", "#4"]
    assert len(clause.symbols) == 2 * len(clause.pinyin) + 3


def test_inner_punctuation_is_a_break_of_level_three(frontend: Frontend) -> None:
    (clause,) = _read(frontend, "你好，世界。")
    assert clause.breaks == (3, 4)


def test_style_follows_the_tags(frontend: Frontend) -> None:
    clauses = _read(frontend, "早。[preset=calm]晚。[/preset][emotion=happy]好！")
    assert [clause.style.emotion for clause in clauses] == ["neutral", "sad", "happy"]


def test_pause_is_a_clause_of_its_own(frontend: Frontend) -> None:
    clauses = _read(frontend, "一。[pause=500ms]二。")
    assert [(clause.spoken, clause.pause_after_s) for clause in clauses] == [
        ("一。", 0.0),
        ("", 0.5),
        ("二。", 0.0),
    ]
    assert clauses[1].symbols == ()


def test_given_pronunciation_is_kept(frontend: Frontend) -> None:
    (clause,) = _read(frontend, "请[py=chong2]重[/py]说，[py=ni3 hao3]你好[/py]。")
    assert " ".join(clause.pinyin) == "qing3 chong2 shuo1 ni3 hao3"


def test_warnings_reach_the_caller(frontend: Frontend) -> None:
    warnings: list[str] = []
    list(frontend.read("[preset=nobody]你好", warn=warnings.append))
    assert "nobody" in warnings[0]


def test_english_in_both_kinds_of_voice(frontend: Frontend) -> None:
    (spoken,) = frontend.read("打开WiFi。", traits=VoiceTraits())
    (near,) = frontend.read("打开WiFi。", traits=CHINESE_ONLY)
    assert spoken.pinyin == near.pinyin == ("da3", "kai1", "WIFI")
    assert {"w", "ay", "f"} <= {symbol.sy for symbol in spoken.symbols}
    assert not ARPABET & {symbol.sy for symbol in near.symbols}
    assert {"w_c", "ai_c", "f_c", "ei_c"} <= {symbol.sy for symbol in near.symbols}


def test_first_clause_comes_before_the_rest_is_read(frontend: Frontend) -> None:
    def endless() -> Iterator[str]:
        yield from ("今天天气很好。" * 3000,)

    clauses = frontend.read(next(endless()))
    assert next(clauses).spoken == "今天天气很好。"


def test_first_clause_may_stay_whole() -> None:
    text = "今天的天气真的非常不错，我们一起去公园里面散步吧，好不好。"
    assert len(list(Frontend().read(text))) > 1
    assert len(list(Frontend(limits=Limits(first=0)).read(text))) == 1


@pytest.mark.parametrize("text", ["", " \n", "。。。", "()", "[emotion=sad]"])
def test_nothing_to_say(frontend: Frontend, text: str) -> None:
    assert _read(frontend, text) == []


def test_words_and_breaks(frontend: Frontend) -> None:
    assert frontend.words_and_breaks("我们的家，很漂亮。") == [
        ("我们的", 1),
        ("家", 3),
        ("很漂亮", 4),
    ]


ALPHABET = st.one_of(
    st.sampled_from(
        "的一不了着过得地长行重数儿们子，。！？、；：…0123456789.:-/%℃￥aAbBzZ'[]=<> \n"
    ),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(),
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("\U00032000\ud800㐀〇")
@example("[emotion=sad][/py][py=ni3]你[pause=9s]")
@example("<speak><break/>")
@example("儿儿儿一一一不不不得得得")
@given(st.text(ALPHABET, max_size=60))
def test_any_text_gives_known_symbols(frontend: Frontend, text: str) -> None:
    for traits, known in ((VoiceTraits(), KNOWN), (CHINESE_ONLY, KNOWN - ARPABET)):
        for clause in frontend.read(text, traits=traits, warn=lambda message: None):
            assert {symbol.sy for symbol in clause.symbols} <= known
            assert len(clause.breaks) == len(clause.words)
            assert set(clause.breaks) <= {1, 3, 4}
            if clause.symbols:
                assert clause.breaks[-1] == 4
                assert clause.symbols[-1].sy == "#4"
            else:
                assert clause.pause_after_s > 0

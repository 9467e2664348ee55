"""Texts that others heard misread."""

from __future__ import annotations

import pytest
from strangers.report import report

from tts_daemon.text.frontend import Frontend
from tts_daemon.text.sentences import Limits


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend(limits=Limits(first=0))


def spoken(frontend: Frontend, text: str) -> str:
    """What is said, without marks."""
    said = "".join(clause.spoken for clause in frontend.read(text))
    return "".join(character for character in said if character.isalnum())


@report("huggingface/speech-to-speech#338", "hawk-digital-environments/HAWKI#393")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("**重要**的_事情_", "重要的事情"),
        ("# 今天的安排\n- 买菜\n- 做饭", "今天的安排买菜做饭"),
        ("见[说明](https://example.com/a?b=1)。", "见说明"),
    ],
)
def test_markdown_is_not_read_aloud(frontend: Frontend, text: str, said: str) -> None:
    assert spoken(frontend, text) == said


@report("NousResearch/hermes-agent#25956")
def test_lines_and_boxes_are_not_read_aloud(frontend: Frontend) -> None:
    assert spoken(frontend, "开始\n────────\n结束") == "开始结束"


@report("Mintplex-Labs/anything-llm#5557")
def test_code_is_not_read_aloud(frontend: Frontend) -> None:
    assert "print" not in spoken(frontend, "这样写：\n```python\nprint(1)\n```\n就行了。")


@report("vellum-ai/vellum-assistant#20731")
def test_sums_are_no_markdown(frontend: Frontend) -> None:
    assert spoken(frontend, "3*4=12") == "三乘四等于十二"


@report("matatonic/openedai-speech#94")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("融资$100B", "融资一千亿美元"),
        ("市值$1.5B", "市值十五亿美元"),
        ("用电3kWh", "用电三千瓦时"),
    ],
)
def test_scales_and_units(frontend: Frontend, text: str, said: str) -> None:
    assert spoken(frontend, text) == said


@report("brailcom/speechd#999")
def test_a_decimal_that_was_torn_apart(frontend: Frontend) -> None:
    assert spoken(frontend, "增长5 .3%") == "增长百分之五点三"

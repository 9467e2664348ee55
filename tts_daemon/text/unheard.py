"""What a text holds that is not meant for ears: thoughts of a model, tags of others, code."""

from __future__ import annotations

import re
from collections.abc import Callable

from tts_daemon.text.normalize import markdown

CODE = "代码略。"
"""Said in the place of a block of code."""

# What a language model thinks, and what it hands to tools, is not meant to be heard.
_THOUGHTS = "think|thinking|reasoning|thought|tool_call|tool_response|function_calls"
_THOUGHT = re.compile(rf"<({_THOUGHTS})>.{{0,20000}}?</\1>\s*", re.DOTALL)
_THOUGHT_TAG = re.compile(rf"<(?:{_THOUGHTS})>")
_FOREIGN_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9_:-]{0,30})(?:\s[^<>\n]{0,300})?/?>")
# \n and \t as shells and templates leave them; not in C:\new nor in \neq.
_WRITTEN_BREAK = re.compile(
    r"(?:(?<![:\w\\])|(?<=[一-鿿])|(?<=\\n))\\{1,2}(?:r\\{1,2}n|[nrt])(?![a-z])"
    r"|(?<=```)\\n|(?<=```[a-z]{2})\\n|(?<=```[a-z]{4})\\n|(?<=```[a-z]{6})\\n",
    re.ASCII,
)
_BLOCK = r"^[ \t]{0,3}(```|~~~)[^\n`]{0,40}\n(.{0,20000}?)(?:\n[ \t]{0,3}\1[ \t]*$|\n?\1"
_FENCE = re.compile(rf"{_BLOCK}|\Z)", re.DOTALL | re.MULTILINE)
_CLOSED_FENCE = re.compile(rf"{_BLOCK})", re.DOTALL | re.MULTILINE)
_FENCE_BEGINS = re.compile(r"^[ \t]{0,3}(?:```|~~~)", re.MULTILINE)
_OPEN_TAG = re.compile(r"</?[A-Za-z][^<>]{0,320}$")
_HAN = re.compile("[一-鿿]")


def left_out(text: str, warn: Callable[[str], None]) -> str:
    """The text without them; written line breaks are real ones.

    Tags that are neither SSML nor HTML are left out with a note; HTML is the normaliser's matter.
    """
    if "\\" in text:
        text = _WRITTEN_BREAK.sub(_break, text)
    if "```" in text or "~~~" in text:
        text = _FENCE.sub(_block, text)
    return _without_tags(text, warn) if "<" in text else text


def is_open(text: str) -> bool:
    """Whether a text ends inside of what would be left out: a tag, a thought, a block of code."""
    text = _WRITTEN_BREAK.sub(_break, text)
    return bool(
        _OPEN_TAG.search(text)
        or _THOUGHT_TAG.search(_THOUGHT.sub("", text))
        or _FENCE_BEGINS.search(_CLOSED_FENCE.sub("", text))
    )


def _break(match: re.Match[str]) -> str:
    return " " if match[0][-1] == "t" else "\n"


def _block(match: re.Match[str]) -> str:
    """Code is summed up; words in a fence are read."""
    body = match[2]
    return f"\n{body}\n" if len(_HAN.findall(body)) * 3 > len(body) else f"\n{CODE}\n"


def _without_tags(text: str, warn: Callable[[str], None]) -> str:
    def thought(match: re.Match[str]) -> str:
        warn(f"<{match[1]}> and what it holds is left out")
        return ""

    def foreign(match: re.Match[str]) -> str:
        if markdown.is_html(match[1]):
            return match[0]
        warn(f"{match[0]} is left out")
        return ""

    return _FOREIGN_TAG.sub(foreign, _THOUGHT.sub(thought, text))

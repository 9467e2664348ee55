"""The SSML subset: speak, p, s, break, prosody, emphasis, say-as, sub, phoneme, emotion, voice."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from tts_daemon.domain import Style
from tts_daemon.text import ssml_styles
from tts_daemon.text.normalize import read_as
from tts_daemon.text.passage_builder import PassageBuilder, parse_duration_s, parse_syllables

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Warn = Callable[[str], None]

# Strength of a break -> seconds.
_BREAKS_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.2}
_TAG = re.compile(r"<[^<>]{0,500}>")
_PARAGRAPH_PAUSE_S = 0.4
_SENTENCES = frozenset({"p", "s", "paragraph", "sentence"})
_SILENT = frozenset({"meta", "metadata", "desc", "lexicon", "audio", "mark"})
_WHOLE = frozenset({"sub", "say-as", "break"}) | _SILENT
"""Elements whose children are not read one by one."""
_KNOWN = _SENTENCES | _WHOLE | ssml_styles.ELEMENTS | {"speak", "phoneme"}


def read(text: str, builder: PassageBuilder, warn: Warn) -> None:
    """Read a document into `builder`; a malformed one is read as plain text, with a warning."""
    try:
        root: Element = defusedxml.ElementTree.fromstring(text.strip("\ufeff \t\r\n"))
    except (ParseError, DefusedXmlException, ValueError) as error:
        warn(f"SSML is malformed ({error}); its text is read without markup")
        builder.text(_without_tags(text))
        return
    styles: list[Style] = []
    for event, element in _walk(root):
        if event == "start":
            styles.append(builder.style)
            _start(element, builder, warn)
        elif event == "end":
            _end(element, builder)
            builder.style = styles.pop()
        else:
            builder.text(_collapse(element.tail))


def _without_tags(text: str) -> str:
    # Twice: a document type holds tags of its own.
    return html.unescape(_TAG.sub(" ", _TAG.sub(" ", text)))


def _walk(root: Element) -> Iterator[tuple[Literal["start", "end", "tail"], Element]]:
    """Events in order of reading; without recursion, since a document may be nested at will."""
    stack: list[tuple[Element, Iterator[Element]]] = [(root, iter(root))]
    yield "start", root
    while stack:
        element, children = stack[-1]
        child = None if _name(element) in _WHOLE else next(children, None)
        if child is not None:
            stack.append((child, iter(child)))
            yield "start", child
            continue
        stack.pop()
        yield "end", element
        if stack:
            yield "tail", element


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _collapse(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _start(element: Element, builder: PassageBuilder, warn: Warn) -> None:
    name = _name(element)
    if name not in _KNOWN:
        warn(f"<{name}> is not supported; its content is read")
    if name in _SENTENCES:
        builder.end_sentence()
        if name[0] == "p" and builder.has_passages:
            builder.pause(_PARAGRAPH_PAUSE_S)
    elif name == "break":
        builder.pause(_break_s(element, warn))
    elif name == "phoneme":
        _phoneme(element, builder, warn)
    elif name in ssml_styles.ELEMENTS:
        builder.style = ssml_styles.apply(name, element.attrib, builder.style, warn)
    if name not in ("break", *_SILENT):
        builder.text(_content(name, element, warn))


def _end(element: Element, builder: PassageBuilder) -> None:
    if _name(element) == "phoneme":
        builder.end_pronunciation()
    elif _name(element) in _SENTENCES:
        builder.end_sentence()


def _content(name: str, element: Element, warn: Warn) -> str:
    if name not in ("sub", "say-as"):
        return _collapse(element.text)
    whole = _collapse("".join(element.itertext()))
    if name == "sub":
        return element.get("alias") or whole
    interpretation = element.get("interpret-as", "")
    spoken = read_as(whole, interpretation)
    if spoken is None:
        warn(f'<say-as interpret-as="{interpretation}"> is not known; read by context')
    return whole if spoken is None else spoken


def _break_s(element: Element, warn: Warn) -> float:
    """Seconds of a `break`; medium where it says nothing that can be understood."""
    if "time" in element.attrib:
        seconds = parse_duration_s(element.attrib["time"])
        if seconds is not None:
            return seconds
        warn(
            f'<break time="{element.attrib["time"]}">: not a duration such as 500ms; '
            "a medium break is made"
        )
    strength = element.get("strength", "medium")
    if strength not in _BREAKS_S:
        warn(f'<break strength="{strength}"> is not known; a medium break is made')
    return _BREAKS_S.get(strength, _BREAKS_S["medium"])


def _phoneme(element: Element, builder: PassageBuilder, warn: Warn) -> None:
    alphabet, ph = element.get("alphabet", ""), element.get("ph", "")
    syllables = parse_syllables(ph) if alphabet in ("py", "pinyin", "x-pinyin") else None
    if syllables is None:
        warn(f'<phoneme alphabet="{alphabet}" ph="{ph}">: only alphabet py with tones; left out')
    else:
        builder.begin_pronunciation(syllables, warn)

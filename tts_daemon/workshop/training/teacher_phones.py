"""How the teacher (Kokoro-82M) spells Mandarin: our phones -> its phonetic letters.

Source: the letters of Kokoro's vocabulary; the values are the usual transcription of Mandarin
(Duanmu 2007, "The Phonology of Standard Chinese"). A tone is an arrow after the vowel, the neutral
tone nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from tts_daemon.text.reading import ProsodicWord
from tts_daemon.text.symbols import split_syllable

ARROWS = {1: "→", 2: "↗", 3: "↓", 4: "↘", 5: ""}

# `-` is where the tone's arrow goes.
INITIALS = {
    "b_c": "p", "p_c": "pʰ", "m_c": "m", "f_c": "f", "d_c": "t", "t_c": "tʰ", "n_c": "n",
    "l_c": "l", "g_c": "k", "k_c": "kʰ", "h_c": "x", "j_c": "ʨ", "q_c": "ʨʰ", "xx_c": "ɕ",
    "zh_c": "ꭧ", "ch_c": "ꭧʰ", "sh_c": "ʂ", "r_c": "ɻ", "z_c": "ʦ", "c_c": "ʦʰ", "s_c": "s",
    "ga": "", "ge": "", "go": "",
}  # fmt: skip
FINALS = {
    "a_c": "a-", "ai_c": "ai-", "an_c": "a-n", "ang_c": "a-ŋ", "ao_c": "au-", "e_c": "ɤ-",
    "ei_c": "ei-", "en_c": "ə-n", "eng_c": "ə-ŋ", "er_c": "ɚ-", "i_c": "i-", "ih_c": "ɨ-",
    "ii_c": "ɨ-", "ia_c": "ja-", "ian_c": "jɛ-n", "iang_c": "ja-ŋ", "iao_c": "jau-",
    "ie_c": "je-", "in_c": "i-n", "ing_c": "i-ŋ", "iong_c": "jʊ-ŋ", "iou_c": "jou-", "o_c": "wo-",
    "ong_c": "ʊ-ŋ", "ou_c": "ou-", "u_c": "u-", "ua_c": "wa-", "uai_c": "wai-", "uan_c": "wa-n",
    "uang_c": "wa-ŋ", "uei_c": "wei-", "uen_c": "wə-n", "uo_c": "wo-", "v_c": "y-",
    "van_c": "ɥɛ-n", "ve_c": "ɥe-", "vn_c": "y-n",
}  # fmt: skip
# Syllables whose written y or w is no consonant of its own, or changes the vowel.
WHOLE = {
    "yi": ("", "i-"), "ya": ("j", "a-"), "yan": ("j", "ɛ-n"), "yang": ("j", "a-ŋ"),
    "yao": ("j", "au-"), "ye": ("j", "e-"), "yin": ("", "i-n"), "ying": ("", "i-ŋ"),
    "yo": ("j", "ɔ-"), "yong": ("j", "ʊ-ŋ"), "you": ("j", "ou-"), "yu": ("", "y-"),
    "yue": ("ɥ", "e-"), "yuan": ("ɥ", "ɛ-n"), "yun": ("", "y-n"), "wa": ("w", "a-"),
    "wai": ("w", "ai-"), "wan": ("w", "a-n"), "wang": ("w", "a-ŋ"), "wei": ("w", "ei-"),
    "wen": ("w", "ə-n"), "weng": ("w", "ə-ŋ"), "wo": ("w", "o-"), "wu": ("", "u-"),
    "o": ("", "ɔ-"),
}  # fmt: skip

LAST_MARKS = {"？": "?", "?": "?", "！": "!", "!": "!"}


@dataclass(frozen=True)
class Phone:
    """One phone or pause of a script.

    Attributes:
        sy: Name in our table; `#3` or `#4` for a pause.
        tone: 1 to 5; 0 for a pause.
        word_code: Place in the word: 0 alone, 1 first syllable, 2 inside, 3 last.
        letters: What the teacher reads; empty for a phone that it does not know as such.
    """

    sy: str
    tone: int
    word_code: int
    letters: str


def spell(base: str, tone: int) -> tuple[str, str] | None:
    """Letters of a syllable's two phones, `("ʂ", "ə↓n")` for `shen3`; None: it cannot be said."""
    initial, final = split_syllable(base)
    letters = WHOLE.get(base)
    if letters is None and initial in INITIALS and final in FINALS:
        letters = (INITIALS[initial], FINALS[final])
    if letters is None:
        return None
    return letters[0], letters[1].replace("-", ARROWS[tone])


def script(words: list[ProsodicWord], text: str) -> list[Phone] | None:
    """What the teacher is to read; None where it cannot (Latin words, erhua, rare syllables)."""
    phones: list[Phone] = []
    for place, prosodic in enumerate(words):
        for word in prosodic.words:
            spoken = [_syllable(s.base, s.tone, s.erhua) for s in word.syllables]
            if not spoken or None in spoken:
                return None
            phones += _word([pair for pair in spoken if pair is not None])
        if prosodic.break_level >= 3:
            last = place + 1 == len(words)
            phones[-1] = _without_space(phones[-1])
            mark = LAST_MARKS.get(text.rstrip()[-1:], ".") if last else ", "
            phones.append(Phone("#4" if last else "#3", 0, 0, mark))
    return phones


def _syllable(base: str, tone: int, erhua: bool) -> tuple[Phone, Phone] | None:
    letters = None if erhua else spell(base, tone)
    if letters is None:
        return None
    initial, final = split_syllable(base)
    return Phone(initial, tone, 2, letters[0]), Phone(final, tone, 2, letters[1])


def _word(syllables: list[tuple[Phone, Phone]]) -> list[Phone]:
    """Phones of one word, with the space that the teacher expects after it."""
    last = len(syllables) - 1
    codes = [0] if last == 0 else [1] + [2] * (last - 1) + [3]
    phones: list[Phone] = []
    for place, (code, pair) in enumerate(zip(codes, syllables, strict=True)):
        space = " " if place == last else ""
        phones.append(Phone(pair[0].sy, pair[0].tone, code, pair[0].letters))
        phones.append(Phone(pair[1].sy, pair[1].tone, code, pair[1].letters + space))
    return phones


def _without_space(phone: Phone) -> Phone:
    return Phone(phone.sy, phone.tone, phone.word_code, phone.letters.rstrip())

"""What the teacher (Kokoro-82M) is told to read: our symbols, each with its phonetic letters.

Source: the letters of Kokoro's vocabulary; the values are the usual transcriptions of Mandarin
(Duanmu 2007, "The Phonology of Standard Chinese") and of American English, with one letter for a
diphthong. A tone is an arrow after the vowel, the neutral tone nothing, stress a mark before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tts_daemon.domain import QuestionKind, SentenceKind, Symbol
from tts_daemon.text import english
from tts_daemon.text.reading import ProsodicWord, Syllable, Word
from tts_daemon.text.sentence_kind import question_kind, sentence_kind
from tts_daemon.text.symbols import (
    VoiceTraits,
    break_symbol,
    mark_word,
    split_syllable,
    syllable_symbols,
)

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
# The suffix takes the place of -i and -n, and stands behind -ng and the other vowels.
ERHUA = {
    "air_c": "a-ɚ", "anr_c": "a-ɚ", "angr_c": "aŋ-ɚ", "aor_c": "au-ɚ", "ar_c": "a-ɚ",
    "eir_c": "ə-ɚ", "enr_c": "ə-ɚ", "engr_c": "əŋ-ɚ", "er_c": "ɤ-ɚ", "ir_c": "i-ɚ",
    "ihr_c": "ə-ɚ", "iir_c": "ə-ɚ", "iar_c": "ja-ɚ", "ianr_c": "ja-ɚ", "iangr_c": "jaŋ-ɚ",
    "iaor_c": "jau-ɚ", "ier_c": "je-ɚ", "inr_c": "i-ɚ", "ingr_c": "iŋ-ɚ", "iongr_c": "jʊŋ-ɚ",
    "iour_c": "jou-ɚ", "or_c": "wo-ɚ", "ongr_c": "ʊŋ-ɚ", "our_c": "ou-ɚ", "ur_c": "u-ɚ",
    "uar_c": "wa-ɚ", "uair_c": "wa-ɚ", "uanr_c": "wa-ɚ", "uangr_c": "waŋ-ɚ", "ueir_c": "wə-ɚ",
    "uenr_c": "wə-ɚ", "uor_c": "wo-ɚ", "vr_c": "y-ɚ", "vanr_c": "ɥa-ɚ", "ver_c": "ɥe-ɚ",
    "vnr_c": "y-ɚ",
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
ENGLISH_VOWELS = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "W", "ay": "I", "eh": "ɛ", "er": "ɜɹ",
    "ey": "A", "ih": "ɪ", "iy": "i", "ow": "O", "oy": "Y", "uh": "ʊ", "uw": "u",
}  # fmt: skip
UNSTRESSED = {"ah": "ə", "er": "əɹ"}
ENGLISH_CONSONANTS = {
    "b": "b", "ch": "ʧ", "d": "d", "dh": "ð", "f": "f", "g": "ɡ", "hh": "h", "jh": "ʤ", "k": "k",
    "l": "l", "m": "m", "n": "n", "ng": "ŋ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t",
    "th": "θ", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}  # fmt: skip

LAST_MARKS = {"？": "?", "?": "?", "！": "!", "!": "!"}
ASKING = "tone2"
"""The tone that the last break of a question has, where others have none: so it can be told."""

_EVERYTHING = VoiceTraits()


@dataclass(frozen=True, slots=True)
class Phone:
    """A symbol of the acoustic model, and what the teacher reads for it (nothing: not known)."""

    symbol: Symbol
    letters: str

    @property
    def is_break(self) -> bool:
        """Whether it is no sound."""
        return self.symbol.sy.startswith("#")

    @property
    def tone(self) -> int:
        """Of a Mandarin phone, 1 to 5; 0 of others."""
        mandarin = self.symbol.sy.endswith("_c") or self.symbol.sy in INITIALS
        return int(self.symbol.tone[-1]) if mandarin else 0


@dataclass(frozen=True, slots=True)
class Script:
    """An utterance.

    Attributes:
        text: As it is spoken, written out.
        phones: Its symbols; the last one is the final break.
        question: What makes a question of it, if it is one.
    """

    text: str
    phones: tuple[Phone, ...]
    question: QuestionKind | None = None


def script(words: list[ProsodicWord], text: str) -> Script | None:
    """What the teacher is to read; None where it cannot (rare syllables, nothing to say)."""
    asks = sentence_kind(text) is SentenceKind.QUESTION
    question = question_kind(text, [w for item in words for w in item.words]) if asks else None
    phones: list[Phone] = []
    for item in words:
        said = [_word(word) for word in item.words]
        if not said or None in said:
            return None
        phones += _marked([phone for word in said for phone in word or ()])
        phones.append(Phone(break_symbol(item.break_level), ""))
    if not phones:
        return None
    return Script(text, tuple(_punctuated(phones, text, question)), question)


def spell(syllable: Syllable) -> tuple[str, str] | None:
    """Letters of a syllable's two phones, `("ʂ", "ə↓n")` for `shen3`; None: it cannot be said."""
    base, arrow = syllable.base, ARROWS[syllable.tone]
    initial, final = split_syllable(base, syllable.erhua)
    if syllable.erhua:
        plain = WHOLE.get(base)
        letters = _erhua(initial, final, plain)
    else:
        letters = WHOLE.get(base)
        if letters is None and initial in INITIALS and final in FINALS:
            letters = (INITIALS[initial], FINALS[final])
    return None if letters is None else (letters[0], letters[1].replace("-", arrow))


def _erhua(initial: str, final: str, whole: tuple[str, str] | None) -> tuple[str, str] | None:
    if final not in ERHUA:
        return None
    letters = ERHUA[final]
    if whole is None:
        return (INITIALS[initial], letters) if initial in INITIALS else None
    # The glide is said once: 味儿 w əɚ, 院儿 ɥ aɚ; 印儿 has none of its own: iɚ.
    return whole[0], letters.removeprefix(whole[0]) if whole[0] else letters


def _word(word: Word) -> list[Phone] | None:
    """Phones of one word, with the space that the teacher expects after it."""
    phones = _english(word.text) if word.is_latin else _mandarin(word)
    if phones:
        phones[-1] = Phone(phones[-1].symbol, phones[-1].letters + " ")
    return phones or None


def _mandarin(word: Word) -> list[Phone] | None:
    phones: list[Phone] = []
    for syllable in word.syllables:
        letters = spell(syllable)
        if letters is None:
            return None
        symbols = syllable_symbols(syllable, _EVERYTHING)
        phones += [Phone(s, part) for s, part in zip(symbols, letters, strict=True)]
    return phones


def _english(text: str) -> list[Phone]:
    return [Phone(symbol, _arpabet(symbol)) for symbol in english.word_symbols(text)]


def _arpabet(symbol: Symbol) -> str:
    if symbol.sy in ENGLISH_CONSONANTS:
        return ENGLISH_CONSONANTS[symbol.sy]
    vowel = ENGLISH_VOWELS[symbol.sy]
    return "ˈ" + vowel if symbol.tone == "tone1" else UNSTRESSED.get(symbol.sy, vowel)


def _marked(phones: list[Phone]) -> Iterator[Phone]:
    symbols = mark_word([phone.symbol for phone in phones])
    return (Phone(s, phone.letters) for s, phone in zip(symbols, phones, strict=True))


def _punctuated(phones: list[Phone], text: str, question: QuestionKind | None) -> Iterator[Phone]:
    """Pauses get their marks, and the word before them loses its space."""
    for place, phone in enumerate(phones):
        following = phones[place + 1].symbol.sy if place + 1 < len(phones) else ""
        if phone.symbol.sy == "#4":
            last = Symbol("#4", ASKING, "s_none", "word_none") if question else phone.symbol
            yield Phone(last, LAST_MARKS.get(text.rstrip()[-1:], "."))
        elif phone.symbol.sy == "#3":
            yield Phone(phone.symbol, ", ")
        elif following in ("#3", "#4"):
            yield Phone(phone.symbol, phone.letters.rstrip())
        else:
            yield phone

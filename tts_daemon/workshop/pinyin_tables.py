"""Builds the compact pinyin tables of `tts_daemon/text/data` from pypinyin's dictionaries.

Run by hand (`python -m tts_daemon.workshop.pinyin_tables`) when pypinyin has better data. The daemon itself
does not need pypinyin: its dictionaries take 57 MB of memory, these tables 4 MB.

Source: pypinyin (MIT), whose data come from pinyin-data and phrase-pinyin-data (MIT).
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from pypinyin.contrib.tone_convert import to_tone3
from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

DATA = Path(__file__).resolve().parent.parent / "text" / "data"

# The reading that a lone character has most often in running text, where pypinyin lists another one first.
DEFAULT_READINGS = {
    "得": "de5", "地": "di4", "着": "zhe5", "长": "chang2", "为": "wei2", "调": "tiao2", "朝": "chao2",
    "只": "zhi3", "种": "zhong3", "差": "cha4", "说": "shuo1", "大": "da4", "车": "che1", "和": "he2",
    "谁": "shei2", "这": "zhe4", "那": "na4", "哪": "na3", "呢": "ne5", "吗": "ma5", "啊": "a5",
    "吧": "ba5", "呀": "ya5", "嘛": "ma5", "啦": "la5", "们": "men5", "的": "de5", "了": "le5",
    "么": "me5", "哦": "o4", "喔": "o1", "嗯": "en5", "哎": "ai1", "唉": "ai4", "哟": "yo5", "咯": "lo5",
    "血": "xue4", "嘞": "lei5", "喽": "lou5", "哇": "wa1", "塞": "sai1", "模": "mo2", "露": "lu4",
    "薄": "bao2", "壳": "ke2", "削": "xiao1", "熟": "shu2", "剥": "bo1", "给": "gei3", "色": "se4",
    "还": "hai2", "都": "dou1", "没": "mei2", "行": "xing2", "重": "zhong4", "便": "bian4",
    "唔": "wu2", "呣": "mu2", "嗨": "hai1", "诶": "ei4", "欸": "ei4",
}  # fmt: skip
# Characters whose reading a rule may change: their words are kept even where the default reading is right.
RULED = frozenset(
    "得地着了还长都为调重行数乐空系没发种只便差朝背倒处好少假间教降觉结看量难铺曲中转当"
)


def numbered(marked: str) -> str:
    """`lǜ` -> `lv4`; a syllable without a mark is neutral (tone 5)."""
    return str(to_tone3(marked, v_to_u=False, neutral_tone_with_five=True)).replace("ü", "v")


def readable(syllable: str) -> bool:
    """True when the syllable is plain ASCII letters and one tone digit (not `ê̄` or `hm̀`)."""
    return syllable[:-1].isascii() and syllable[:-1].isalpha() and syllable[-1] in "12345"


def character_readings() -> dict[str, str]:
    """The default reading of every character, by character."""
    readings = {}
    for code, marked in pinyin_dict.items():
        candidates = [numbered(reading) for reading in marked.split(",")]
        usable = [reading for reading in candidates if readable(reading)]
        if usable:
            readings[chr(code)] = usable[0]
    return readings | DEFAULT_READINGS


def phrase_readings(characters: dict[str, str]) -> dict[str, list[str]]:
    """Words whose reading is not what their characters say, or might be taken for something else by a rule."""
    kept = {}
    for phrase, marked in phrases_dict.items():
        reading = [numbered(options[0]) for options in marked]
        if len(reading) != len(phrase) or not all(map(readable, reading)):
            continue
        reading = [
            {"一": "yi1", "不": "bu4"}.get(char, syllable)
            for char, syllable in zip(phrase, reading, strict=True)
        ]
        default = [characters.get(char, "") for char in phrase]
        if reading != default or RULED & set(phrase):
            kept[phrase] = reading
    return kept


def write_tables(directory: Path = DATA) -> None:
    """Write characters.txt (a syllable and its characters a line) and phrases.txt (a word a line)."""
    characters = character_readings()
    by_syllable: dict[str, list[str]] = defaultdict(list)
    for char, syllable in sorted(characters.items()):
        by_syllable[syllable].append(char)
    lines = [f"{syllable} {''.join(chars)}\n" for syllable, chars in sorted(by_syllable.items())]
    (directory / "characters.txt").write_text("".join(lines), encoding="utf-8")
    phrases = phrase_readings(characters)
    lines = [f"{phrase} {' '.join(phrases[phrase])}\n" for phrase in sorted(phrases)]
    (directory / "phrases.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write_tables()

"""What people read in Home Assistant, in the languages that the device can speak of itself.

Discovery over MQTT has no translations, so that the words are sent as they are shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from tts_daemon.language import language_of

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Words:
    """Names in one language.

    Attributes:
        device: Name of the device; `{node}` stands for the node.
        in_preset: Name of the entity that speaks in a preset; `{preset}` stands for its label.
        entities: Key of an entity -> its name.
        states: State of the player -> its label.
        presets: Name of a preset that comes along -> its label.
    """

    device: str
    in_preset: str
    entities: dict[str, str]
    states: dict[str, str]
    presets: dict[str, str] = field(default_factory=dict)

    def preset_labels(self, presets: Iterable[str]) -> dict[str, str]:
        """Name -> label, both once; a preset of one's own is shown by its name."""
        names = list(presets)
        labels = {name: self.presets.get(name, name) for name in names}
        return {name: name if label in names else label for name, label in labels.items()}


WORDS = {
    "zh": Words(
        device="语音 {node}",
        in_preset="播报（{preset}）",
        entities={
            "say": "播报", "preset": "预设", "volume": "音量", "speed": "语速", "stop": "停止",
            "pause": "暂停", "resume": "继续", "repeat": "重复", "speech": "播报事件",
            "state": "状态", "speaking": "正在播报",
        },
        states={
            "idle": "空闲", "speaking": "正在播报", "paused": "已暂停", "no_audio": "没有声卡",
        },
        presets={
            "neutral": "平静", "happy": "高兴", "sad": "悲伤", "angry": "生气", "gentle": "温柔",
            "excited": "兴奋",
        },
    ),
    "en": Words(
        device="Voice {node}",
        in_preset="Announce ({preset})",
        entities={
            "say": "Announce", "preset": "Preset", "volume": "Volume", "speed": "Speed",
            "stop": "Stop", "pause": "Pause", "resume": "Resume", "repeat": "Repeat",
            "speech": "Speech", "state": "State", "speaking": "Speaking",
        },
        states={
            "idle": "Idle", "speaking": "Speaking", "paused": "Paused", "no_audio": "No sound",
        },
        presets={
            "neutral": "Neutral", "happy": "Happy", "sad": "Sad", "angry": "Angry",
            "gentle": "Gentle", "excited": "Excited",
        },
    ),
}  # fmt: skip


def words_of(language: str) -> Words:
    """The words of a language; `auto`: of the one that our own environment names."""
    return WORDS[language_of(os.environ) if language == AUTO else language]

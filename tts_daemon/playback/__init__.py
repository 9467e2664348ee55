"""From accepted requests to sound: the queue, its journal, and the worker.

These names are what others may import; modules that begin with an underscore are this package's
own.
"""

from tts_daemon.playback._context import PlayerContext, PlayerSettings
from tts_daemon.playback._journal_file import why_not_ours
from tts_daemon.playback.chimes import Chimes
from tts_daemon.playback.journal import Journal
from tts_daemon.playback.player import Player

__all__ = ["Chimes", "Journal", "Player", "PlayerContext", "PlayerSettings", "why_not_ours"]

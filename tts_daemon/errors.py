"""Errors of this project: one class for each thing that a caller can act on.

Foreign exceptions are translated into these where the foreign library is called (its one doorway).
A message names the field, file or key, and says what to do about it.
"""


class TtsError(Exception):
    """Anything that this project raises on purpose."""

    code = "error"
    """Short name that stands in replies and `failed` events, next to the message."""


class InvalidRequestError(TtsError):
    """The request cannot be spoken as it was sent; sending it again does not help."""

    code = "invalid_request"


class TooLongError(InvalidRequestError):
    """The text has more characters than `text.max_characters`, or the message too many bytes."""

    code = "too_long"


class NothingToSpeakError(InvalidRequestError):
    """Nothing in the text is for ears: it is empty, or only punctuation."""


class QueueFullError(TtsError):
    """The queue is at its limit; the request was not accepted and may be sent again later."""

    code = "queue_full"


class NotReadyError(TtsError):
    """The daemon is still starting or already stopping."""

    code = "not_ready"


class InternalError(TtsError):
    """A fault of ours, and none of the request; the log of the daemon says which."""

    code = "internal"

    def __init__(self, message: str = "internal error; see the log of the daemon") -> None:
        super().__init__(message)


class SettingsError(TtsError):
    """A configuration file or a variable is wrong; names file, key and nearest known key."""

    code = "settings"


class DoorShutError(TtsError):
    """The address of a door cannot be had now: not there yet, taken, or its name unknown."""

    code = "door_shut"


class VoiceError(TtsError):
    """A voice package is missing, damaged or not playable by this version."""

    code = "voice"


class UnknownVoiceError(VoiceError):
    """No installed voice has the requested name."""

    code = "unknown_voice"


class RemoteVoiceError(TtsError):
    """The voice of the other machine is away, late or refuses; our own speaks in its place."""

    code = "remote_voice"


class CheckpointError(TtsError):
    """A model directory cannot be converted; names file and key."""

    code = "checkpoint"


class TextError(TtsError):
    """The front end cannot read what it was given: a bad lexicon entry, a bad attribute."""

    code = "text"


class AudioUnavailableError(TtsError):
    """The sound device is missing or busy; trying again later may help."""

    code = "audio_unavailable"


class DeviceBusyError(AudioUnavailableError):
    """Another program, or another daemon, holds the sound device."""


class SoundLibraryError(AudioUnavailableError):
    """PortAudio is not installed."""


class BrokerError(TtsError):
    """The MQTT broker cannot be reached, or refuses us; names host and reason."""

    code = "broker"


class JournalError(TtsError):
    """The queue journal cannot be read or written (disk full, damaged file)."""

    code = "journal"


class StorageError(TtsError):
    """A file that people change through us cannot be written."""

    code = "storage"


class ConnectionRefusedByDaemonError(TtsError):
    """No daemon answers on the socket; names the command that starts one."""

    code = "no_daemon"


class MissingExtraError(TtsError):
    """A command needs an optional part of the package; names the extra that brings it."""

    code = "missing_extra"

"""The errors a caller may catch; every one carries a stable code. Knows nothing of who shows them.

DiffBGMError
├── InputError             what was handed in cannot be used
│   ├── FilmError            missing, empty, damaged, too long, no picture
│   ├── TimelineError        an edit that cannot be read, or offline media in it
│   ├── CutsError            cuts out of order or outside the film
│   ├── OptionError          an option out of range
│   ├── StyleError           an unknown or impossible style
│   ├── SoundFontError       no SoundFont, or a file that is none
│   ├── CheckpointError      weights of the wrong kind
│   ├── DatasetError         a data set that is not laid out as expected
│   └── CompositionError     a folder that is no composition, a shot or take it has not
├── StorageError           no space, no permission, a name that is taken
├── StoreInUseError        another server works on the same store
└── CancelledError         the caller asked to stop

A caller's bug stays ValueError.
"""


class DiffBGMError(Exception):
    """Base of all errors that the library raises on purpose; the message is one clear line."""

    code = "failed"


class InputError(DiffBGMError):
    """What was handed in cannot be used."""

    code = "input_invalid"


class FilmError(InputError):
    """A film that is missing, empty, damaged, too long, or has no picture."""

    code = "film_unusable"


class TimelineError(InputError):
    """An edit that cannot be read, or that refers to media that are not there."""

    code = "timeline_unusable"


class CutsError(InputError):
    """Cuts that are out of order or outside the film."""

    code = "cuts_invalid"


class OptionError(InputError):
    """An option out of its range."""

    code = "option_invalid"


class StyleError(InputError):
    """A style that is unknown, or whose file is impossible."""

    code = "style_invalid"


class SoundFontError(InputError):
    """No SoundFont was found, or the file is none."""

    code = "soundfont_unusable"


class CheckpointError(InputError):
    """Weights that are missing, damaged, or of another network."""

    code = "checkpoint_unusable"


class DatasetError(InputError):
    """A data set that is not laid out as expected."""

    code = "dataset_invalid"


class CompositionError(InputError):
    """A folder that is no composition, or a shot or take that it has not."""

    code = "composition_invalid"


class StorageError(DiffBGMError):
    """No space, no permission, or a name that is taken."""

    code = "storage_failed"


class StoreInUseError(DiffBGMError):
    """Another server works on the same store."""

    code = "store_in_use"


class CancelledError(DiffBGMError):
    """The caller asked to stop."""

    code = "cancelled"

"""Small pictures of a whole film, kept on the disc. Knows nothing of what they are for."""

import tempfile
import weakref
from array import array


class Spool:
    """A list of bytes in a nameless file, which goes when the list does."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, closed by the next line
        weakref.finalize(self, self._file.close)
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, content: bytes) -> None:
        self._file.seek(self._ends[-1])
        self._file.write(content)
        self._ends.append(self._ends[-1] + len(content))

    def read(self, first: int, last: int) -> bytes:
        """The entries `first` to before `last`, one after the other."""
        begin, end = self._ends[first], self._ends[last]
        self._file.seek(begin)
        return self._file.read(end - begin)

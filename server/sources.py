"""What a request is to be composed for, as a file that the library reads. Knows no HTTP."""

from collections.abc import Iterable
from pathlib import Path

from diffbgm.errors import FilmError

from . import timelines
from .composer import write_edit
from .schema import ComposeRequest
from .store import Store
from .tables import Media


def write_source(request: ComposeRequest, media: Iterable[Media], store: Store, work: Path) -> Path:
    """The film, or the edit that was sent, written into the folder `work`.

    `media` are those that the request uses. FilmError where one is gone.
    """
    uploaded = {one.id: _film(one, store) for one in media}
    if request.timeline is None:
        if request.media not in uploaded:
            raise FilmError("The film is no longer in the store; upload it again.")
        return uploaded[request.media]
    work.mkdir(exist_ok=True)
    source = work / "timeline.otio"
    named = timelines.files(request.timeline, request.films or {}, uploaded)
    write_edit(source, request.timeline, named)
    return source


def in_words_of_the_client(
    text: str, title: str, media: Iterable[Media], store: Store, work: Path
) -> str:
    """A message without paths of the store, which mean nothing to who asked."""
    text = text.replace(str(work / "timeline.otio"), title)
    for one in media:
        text = text.replace(str(store.media_path(one)), one.name)
    return text.replace(f"{store.root}/", "")


def _film(media: Media, store: Store) -> Path:
    if not store.is_whole(media):
        raise FilmError(f"{media.name} is no longer in the store; upload it again.")
    return store.media_path(media)

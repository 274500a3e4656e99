"""Composes a film with a generated client: `python generated_client.py ADDRESS TOKEN FILM MIX`.

Runs in the generator's own environment, with the client's package in the working folder, and knows
nothing of diffbgm.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

import sys
import time
from pathlib import Path

from generated.api.compositions import choose_take, compose, composition, file, new_take
from generated.api.media import upload
from generated.client import AuthenticatedClient
from generated.models import (
    ChoiceOfTake,
    ComposeRequestOptions,
    CompositionAnswer,
    CompositionAnswerState,
    ErrorAnswer,
    FilmRequest,
    MediaAnswer,
    TakeRequest,
)
from generated.types import File

GOES_ON = (CompositionAnswerState.QUEUED, CompositionAnswerState.RUNNING)


def main(address: str, token: str, film: Path, mix: Path) -> None:
    with AuthenticatedClient(address, token, raise_on_unexpected_status=True) as client:
        with film.open("rb") as content:
            media = upload.sync(client=client, body=File(content), name=film.name)
        assert isinstance(media, MediaAnswer), media
        options = ComposeRequestOptions(style="cinematic", energy=0.5, seed=7)
        asked = FilmRequest(media=media.id, options=options)
        made = ended(client, compose.sync(client=client, body=asked))
        assert made.state is CompositionAnswerState.DONE
        assert len(made.result["shots"]) == 3
        take = TakeRequest(energy=0.9)
        made = ended(client, new_take.sync(made.id, 1, client=client, body=take))
        made = ended(client, choose_take.sync(made.id, 1, client=client, body=ChoiceOfTake(take=0)))
        assert (made.result["shots"][1]["take"], made.result["shots"][1]["takes"]) == (0, 2)
        mix.write_bytes(file.sync_detailed(made.id, "mix.wav", client=client).content)

        refused = compose.sync(client=client, body=FilmRequest(media="0" * 64))
        assert isinstance(refused, ErrorAnswer), refused
        assert refused.error.code == "media_unknown"


def ended(client: AuthenticatedClient, state: object) -> CompositionAnswer:
    """The composition when nothing of it goes on any more."""
    assert isinstance(state, CompositionAnswer), state
    while state.state in GOES_ON:
        time.sleep(0.1)
        state = composition.sync(state.id, client=client)
        assert isinstance(state, CompositionAnswer), state
    return state


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))

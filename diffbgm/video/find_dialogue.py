"""Where somebody speaks in a film, found in its own sound."""

from collections.abc import Callable

from diffbgm.dialogue import Dialogue
from diffbgm.timeline import Timeline
from diffbgm.video import speech
from diffbgm.video.film_sound import film_sound


def find_dialogue(timeline: Timeline, progress: Callable[[float], None] | None = None) -> Dialogue:
    """Where somebody speaks in the sound of the edit's films; nowhere if they have none.

    `progress` is told the fraction done, and may raise to stop. FilmError as `film_sound`.
    """
    with film_sound(timeline, speech.RATE, 1, progress) as sound:
        return Dialogue.joined(speech.find_speech(sound), timeline.seconds)

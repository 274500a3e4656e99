"""Where somebody speaks in a film, found in its own sound."""

from diffbgm.dialogue import Dialogue
from diffbgm.progress import Advance, no_advance
from diffbgm.timeline import Timeline
from diffbgm.video import speech
from diffbgm.video.film_sound import film_sound


def find_dialogue(timeline: Timeline, advance: Advance = no_advance) -> Dialogue:
    """Where somebody speaks in the sound of the edit's films; nowhere if they have none.

    `advance` receives the fraction done, and may raise to stop. FilmError as `film_sound`.
    """
    with film_sound(timeline, speech.RATE, 1, advance) as sound:
        return Dialogue.joined(speech.find_speech(sound), timeline.seconds)

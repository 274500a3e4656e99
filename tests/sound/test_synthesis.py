import os
import signal
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from diffbgm.arranging.styles import load_style, style_names
from diffbgm.errors import CancelledError, SoundFontError
from diffbgm.music.score import Note, Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.sound.parts import SAMPLE_RATE, Part
from diffbgm.sound.reverb import TAIL_SAMPLES, impulse_response, reverberation
from diffbgm.sound.synthesis import BLOCK, MAX_TAIL, StemMix, render_shot, stem_mixes
from diffbgm.sound.synthesizers import (
    FluidSynth,
    Synthesizer,
    fluidsynth_is_installed,
    open_synthesizer,
    unload,
)

TEMPO = TempoMap.constant(beats=40, duration=20.0)  # 120 BPM
FILM = 20 * SAMPLE_RATE
PIANO, STRINGS, PAD = 0, 48, 89


def melody(*notes: Note, program: int = PIANO) -> Track:
    return Track("Melody", program, notes or (Note(2.0, 60, 1.0, 90), Note(3.0, 64, 1.0, 90)))


def render(
    synthesizer: Synthesizer, *tracks: Track, mix: StemMix | None = None, first: int = 0
) -> tuple[Part, ...]:
    mixes = {track.name: mix or StemMix() for track in tracks}
    return render_shot(synthesizer, tracks, TEMPO, mixes, (first, FILM))


def peak(samples: np.ndarray) -> float:
    return float(np.abs(samples).max())


def test_a_part_begins_with_its_first_note_to_the_sample(synthesizer: Synthesizer) -> None:
    (part,) = render(synthesizer, melody())
    assert (part.stem, part.start) == ("Melody", SAMPLE_RATE)
    assert part.samples.dtype == np.float32
    assert peak(part.samples[: SAMPLE_RATE // 20]) > 0.01


def test_later_notes_lie_on_the_synthesizer_s_blocks(synthesizer: Synthesizer) -> None:
    """A note in the middle of silence sounds as the same note at the beginning, a block away."""
    clap = Note(0.0, 39, 0.25, 120)
    late = Note(9.003, 39, 0.25, 120)
    (alone,) = render(synthesizer, Track("Drums", 0, (clap,), is_drum=True))
    (both,) = render(synthesizer, Track("Drums", 0, (clap, late), is_drum=True))
    exact = TEMPO.seconds(9.003) * SAMPLE_RATE
    first = int(np.argmax(np.abs(alone.samples[:, 0]) > 0.01))
    second = 4 * SAMPLE_RATE + int(np.argmax(np.abs(both.samples[4 * SAMPLE_RATE :, 0]) > 0.01))
    assert abs(second - first - exact) <= BLOCK / 2 + 4


def test_the_same_notes_give_the_same_bits_whatever_came_between(synthesizer: Synthesizer) -> None:
    mix = StemMix(-3.0, 0.4, 0.3)
    (first,) = render(synthesizer, melody(program=STRINGS), mix=mix)
    render(synthesizer, melody(Note(0.0, 40, 8.0, 127), program=PAD))
    (second,) = render(synthesizer, melody(program=STRINGS), mix=mix)
    assert first.start == second.start
    assert np.array_equal(first.samples, second.samples)


def test_a_long_shot_is_many_parts_that_add_up_to_its_sound(
    synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of notes of many pitches: one that is struck again elsewhere rings on."""
    mix = StemMix(-3.0, 0.4, 0.3)
    scale = melody(*(Note(4.0 * step, 60 + step, 1.5, 90) for step in range(9)))
    (whole,) = render(synthesizer, scale, mix=mix, first=SAMPLE_RATE)
    monkeypatch.setattr("diffbgm.sound.synthesis.STRETCH", 5 * SAMPLE_RATE)
    parts = render(synthesizer, scale, mix=mix, first=SAMPLE_RATE)
    assert [part.start // SAMPLE_RATE for part in parts] == [1, 6, 12, 16]
    assert all(part.stem == "Melody" for part in parts)
    together = np.zeros((FILM, 2))
    for part in parts:
        together[part.start : part.stop] += part.samples
    difference = together[whole.start : whole.stop] - whole.samples
    assert peak(difference) < 0.02 * peak(whole.samples)


def test_tails_ring_out_into_silence(synthesizer: Synthesizer) -> None:
    note = Note(0.0, 60, 1.0, 100)
    (part,) = render(synthesizer, melody(note), mix=StemMix(reverb_send=0.5))
    seconds = len(part.samples) / SAMPLE_RATE
    assert 0.5 + 0.5 < seconds < 0.5 + MAX_TAIL + TAIL_SAMPLES / SAMPLE_RATE + 0.1
    assert peak(part.samples[-64:]) < 1e-4


def test_nothing_sounds_before_the_shot_or_after_the_film(synthesizer: Synthesizer) -> None:
    early = Note(1.99, 60, 1.0, 90)  # a player a little ahead of the cut on beat 2
    last = Note(39.5, 72, 2.0, 90)
    (part,) = render(synthesizer, melody(early, last), first=SAMPLE_RATE)
    assert part.start == SAMPLE_RATE
    assert part.stop == FILM


def test_tracks_without_notes_are_left_out(synthesizer: Synthesizer) -> None:
    assert render(synthesizer, Track("Bridge", STRINGS, ())) == ()


def test_stems_are_rendered_apart(synthesizer: Synthesizer) -> None:
    bass = Track("Bass", 33, (Note(2.0, 36, 2.0, 90),))
    together = render(synthesizer, melody(), bass)
    assert [part.stem for part in together] == ["Melody", "Bass"]
    assert np.array_equal(together[0].samples, render(synthesizer, melody())[0].samples)


def test_a_repeated_note_is_not_ended_by_the_one_before(synthesizer: Synthesizer) -> None:
    overlapping = melody(Note(0.0, 60, 1.5, 90), Note(1.0, 60, 4.0, 90), program=STRINGS)
    (part,) = render(synthesizer, overlapping)
    assert peak(part.samples[2 * SAMPLE_RATE : 2 * SAMPLE_RATE + 4800]) > 0.01


def test_level_pan_and_hall(synthesizer: Synthesizer) -> None:
    (plain,) = render(synthesizer, melody())
    (soft,) = render(synthesizer, melody(), mix=StemMix(level_db=-20.0))
    (left,) = render(synthesizer, melody(), mix=StemMix(pan=-1.0))
    (wet,) = render(synthesizer, melody(), mix=StemMix(reverb_send=0.4))
    assert peak(soft.samples) == pytest.approx(peak(plain.samples) / 10, rel=0.01)
    assert peak(left.samples[:, 1]) == 0 < peak(left.samples[:, 0])
    assert len(wet.samples) > len(plain.samples) + SAMPLE_RATE // 2


def test_a_kit_that_the_soundfont_lacks_is_the_standard_kit(synthesizer: Synthesizer) -> None:
    beat = (Note(0.0, 36, 0.25, 110), Note(1.0, 38, 0.25, 110))
    (standard,) = render(synthesizer, Track("Drums", 0, beat, is_drum=True))
    (unknown,) = render(synthesizer, Track("Drums", 111, beat, is_drum=True))
    assert np.array_equal(standard.samples, unknown.samples)


def test_a_kit_that_is_replaced_is_told(synthesizer: Synthesizer) -> None:
    beat = (Note(0.0, 36, 0.25, 110),)
    render(synthesizer, melody(), Track("Drums", 0, beat, is_drum=True))
    assert synthesizer.replaced == set()
    render(synthesizer, Track("Drums", 111, beat, is_drum=True))
    assert synthesizer.replaced == {"no drum kit 111: the standard kit plays"}


@pytest.mark.skipif(not fluidsynth_is_installed(), reason="libfluidsynth is not installed")
def test_who_waits_for_an_instrument_can_be_stopped(small_soundfont: Path) -> None:
    """The thread that loads it frees the SoundFont then; another plays as ever."""
    with FluidSynth(small_soundfont) as synthesizer:
        (whole,) = render(synthesizer, melody())
    is_free = Event()

    class Slow(FluidSynth):
        def _load(self, *place: int) -> None:
            is_free.wait(60)
            super()._load(*place)

    def stop(*_: object) -> None:
        raise CancelledError("stopped")

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(CancelledError), Slow(small_soundfont) as slow:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            render(slow, melody())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        is_free.set()
    with FluidSynth(small_soundfont) as synthesizer:
        assert np.array_equal(render(synthesizer, melody())[0].samples, whole.samples)


@pytest.mark.skipif(not fluidsynth_is_installed(), reason="libfluidsynth is not installed")
def test_a_soundfont_stays_warm_until_it_changes(small_soundfont: Path, tmp_path: Path) -> None:
    font = tmp_path / "font.sf2"
    font.write_bytes(small_soundfont.read_bytes())
    with open_synthesizer(font) as first:
        (fresh,) = render(first, melody())
    with open_synthesizer(font) as second:
        assert second is first
        assert np.array_equal(render(second, melody())[0].samples, fresh.samples)
        with open_synthesizer(font) as beside:  # as another thread would
            assert beside is not first
            assert np.array_equal(render(beside, melody())[0].samples, fresh.samples)
    os.utime(font, ns=(0, 0))
    with open_synthesizer(font) as third:
        assert third is not first
    with pytest.raises(CancelledError), open_synthesizer(font):
        raise CancelledError("stopped")
    with open_synthesizer(font) as fourth:
        assert fourth is not third
    unload()
    with open_synthesizer(font) as fifth:
        assert fifth is not fourth


def test_stems_that_play_at_once_sound_as_they_do_alone(synthesizer: Synthesizer) -> None:
    names = ("Piano", "Strings", "Drums")
    tracks = [
        Track(name, program, melody().notes, name == "Drums")
        for name, program in zip(names, (0, 48, 0), strict=True)
    ]
    alone = [render(synthesizer, track)[0] for track in tracks]
    for part, expected in zip(render(synthesizer, *tracks), alone, strict=True):
        assert np.array_equal(part.samples, expected.samples)


def test_a_missing_instrument_is_an_error_that_names_it(synthesizer: Synthesizer) -> None:
    with pytest.raises(SoundFontError, match="no instrument for General MIDI program 128"):
        render(synthesizer, melody(program=128))


def test_synthesizers_are_quiet_on_the_terminal(
    synthesizer: Synthesizer, capfd: pytest.CaptureFixture[str]
) -> None:
    render(synthesizer, melody(), Track("Drums", 111, (Note(0.0, 36, 1.0, 90),), is_drum=True))
    assert capfd.readouterr() == ("", "")


def test_every_style_says_how_its_tracks_are_mixed() -> None:
    for name in style_names():
        style = load_style(name)
        mixes = stem_mixes(style)
        assert {player.name for player in style.instruments} <= set(mixes)
        assert ("Drums" in mixes) == (style.drums is not None)


def test_the_hall_is_finite_and_about_as_loud_as_what_it_hears() -> None:
    noise = np.random.default_rng(0).standard_normal((SAMPLE_RATE, 2)).astype(np.float32)
    noise[:, 1] = noise[:, 0]
    answer = reverberation(noise)
    assert answer.dtype == np.float32
    assert len(answer) == SAMPLE_RATE + TAIL_SAMPLES
    assert 0.3 < answer[:SAMPLE_RATE].std() / noise.std() < 1.2
    assert np.all(impulse_response()[:800] == 0)  # the first sound comes back after a while


def test_little_is_lost_in_mono_however_wide_a_recording_is(synthesizer: Synthesizer) -> None:
    """Strings of the widest kind, and their reverb: as recorded they would lose 3 dB and more."""
    (part,) = render(synthesizer, melody(program=STRINGS), mix=StemMix(reverb_send=0.6))
    power = float(np.square(part.samples, dtype=float).mean())
    mono = float(np.square(part.samples.mean(axis=1, dtype=float)).mean())
    assert np.corrcoef(*part.samples.T)[0, 1] > 0.3
    assert 10 * np.log10(power / mono) < 1.6


def test_brightness_lifts_what_is_high_and_nothing_else(synthesizer: Synthesizer) -> None:
    def bands(brightness_db: float) -> np.ndarray:
        crash = Track("Drums", 0, (Note(0.0, 57, 1.0, 100), Note(0.0, 36, 1.0, 100)), is_drum=True)
        (part,) = render(synthesizer, crash, mix=StemMix(brightness_db=brightness_db))
        tapered = part.samples[:SAMPLE_RATE, 0] * np.hanning(SAMPLE_RATE)
        power = np.square(np.abs(np.fft.rfft(tapered)))  # a bin a Hz
        return np.array([power[50:500].sum(), power[8000:9000].sum()])

    low, high = 10 * np.log10(bands(6.0) / bands(0.0))
    assert low == pytest.approx(0.0, abs=0.2)
    assert high == pytest.approx(6.0, abs=0.2)

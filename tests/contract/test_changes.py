"""What Blender shows before a refit, and what a scene remembers of its music."""

from addon_modules import changes, pieces
from addon_modules.changes import Stretch

SHOTS = [(0, 24), (24, 36), (36, 72)]
BEFORE = [
    Stretch(0, 24, "a.mp4", 0),
    Stretch(24, 36, "b.mp4", 100),
    Stretch(36, 50, "a look", 0),
    Stretch(50, 72, "another", 14),
]


def found(now):
    return [tuple(change) for change in changes.compare(SHOTS, BEFORE, now)]


def test_what_stayed_is_kept_also_across_a_razor_cut():
    now = [Stretch(0, 10, "a.mp4", 0), Stretch(10, 24, "a.mp4", 10), Stretch(24, 36, "b.mp4", 100)]
    assert found(now) == [("kept", 0, 0), ("kept", 1, 24), ("deleted", 2, 36)]


def test_what_lies_elsewhere_is_moved_and_the_rest_is_new():
    now = [Stretch(0, 12, "b.mp4", 100), Stretch(12, 30, "a.mp4", 6), Stretch(30, 40, "", 0)]
    assert found(now) == [
        ("shorter", 0, 12),
        ("moved", 1, 0),
        ("deleted", 2, 36),
        ("new", None, 30),
    ]


def test_shots_of_several_pictures_are_kept_moved_and_cut_as_one():
    look, other = Stretch(0, 14, "a look", 0), Stretch(14, 36, "another", 14)
    assert found([look, other])[2] == ("moved", 2, 0)
    assert found(BEFORE) == [("kept", 0, 0), ("kept", 1, 24), ("kept", 2, 36)]
    assert found([look])[2] == ("shorter", 2, 0)
    assert found([Stretch(0, 36, "", 0)])[2:] == [("deleted", 2, 36), ("new", None, 0)]


def test_music_of_which_nothing_is_known_is_all_new():
    assert changes.compare((), (), [Stretch(0, 9, "a.mp4", 0)]) == [changes.Change("new", None, 0)]
    assert changes.compare((), (), ()) == []


def made(takes: int) -> pieces.Piece:
    return pieces.Piece([0], [0], [], [[0, 24]], [takes], [7])


def test_deleted_takes_are_passed_over():
    piece = made(3)
    assert piece.take_beside(0, 0, 1) == 1 and piece.take_beside(0, 0, -1) == 2
    piece.marks["0/1"] = pieces.DELETED
    assert piece.take_beside(0, 0, 1) == 2
    piece.marks["0/2"] = pieces.DELETED
    assert piece.take_beside(0, 0, 1) is None


def test_two_takes_are_compared_back_and_forth():
    piece = made(4)
    assert piece.take_to_compare(0, 3) == 2
    piece.before["0"] = 1
    assert piece.take_to_compare(0, 3) == 1


def test_a_scene_remembers_its_music_and_forgives_what_was_damaged():
    scene: dict[str, str] = {}
    pieces.remember(scene, "abc", made(2))
    pieces.remember(scene, "def", made(3))
    assert pieces.piece(scene, "abc") == made(2)
    assert pieces.piece(scene, "xyz") is None
    for damage in ("nonsense", "[]", '{"abc": 4}', '{"abc": {"odd": 1}}'):
        assert pieces.piece({pieces.SCENE_KEY: damage}, "abc") is None

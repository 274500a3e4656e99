"""Audacity: an edit in; a list of files that opens all stems as tracks out, and labels of shots.

    python integrations/audacity.py EDIT.otio -o MUSIC.lof --style ambient

Open MUSIC.lof in Audacity, then File > Import > Labels: labels.txt in MUSIC.music. Standard library
only.
"""

from scoring import run


def with_music(edit, result, folder):
    """The list, as bytes, of the stems of `result`, which lie in `folder`; the labels go there."""
    lines = [
        f"{shot['start']:.6f}\t{shot['end']:.6f}\tShot {shot['index'] + 1}\n"
        for shot in result["shots"]
    ]
    lines += [
        f"{hit['cut']:.6f}\t{hit['cut']:.6f}\t{hit['kind']}\n"
        for hit in result["hits"]
        if hit["kind"] != "none"
    ]
    (folder / "labels.txt").write_text("".join(lines))
    stems = sorted(name for name in result["files"] if name.startswith("stems/"))
    listed = [f'file "{(folder / stem).resolve()}" offset 0\n' for stem in stems]
    return ("window\n" + "".join(listed)).encode()


if __name__ == "__main__":
    run(__doc__.splitlines()[0], with_music, lambda edit: ".lof")

"""Final Cut Pro: an exported FCPXML in, an FCPXML with the music as connected clips out.

In Final Cut Pro: File > Export XML, then

    python integrations/final_cut.py EDIT.fcpxml -o WITH_MUSIC.fcpxml --style ambient

and File > Import > XML. One clip a shot of mix.wav, below the primary storyline, with the role
music; all else stays as it is. Standard library only.
"""

import xml.etree.ElementTree as ET
from fractions import Fraction

from scoring import run

# Children of a clip that come after its connected clips, by Apple's document type.
_AFTER = {
    "marker",
    "chapter-marker",
    "rating",
    "keyword",
    "analysis-marker",
    "audio-channel-source",
}
_AFTER |= {"audio-role-source", "filter-video", "filter-audio", "filter-video-mask", "metadata"}


def with_music(edit, result, folder):
    """The FCPXML, as bytes, with the music of `result`, whose files lie in `folder`."""
    builder = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    root = ET.parse(edit, builder).getroot()
    spine = next(root.iter("spine"), None)
    resources = root.find("resources")
    if root.tag != "fcpxml" or spine is None or resources is None:
        raise ValueError(f"{edit} is no FCPXML with a project; export one")
    parent = next(each for each in spine if each.tag not in ("transition", ET.Comment))
    frame = Fraction(result["frame_rate"][1], result["frame_rate"][0])
    # Where the first clip begins, in its own time, which is that of what is connected to it.
    begin = Fraction((parent.get("start") or "0s").removesuffix("s"))
    has_media_rep = tuple(map(int, root.get("version", "1.8").split("."))) >= (1, 9)
    place = next((index for index, each in enumerate(parent) if each.tag in _AFTER), len(parent))
    resources.append(_asset(_time(result["frames"] * frame), folder, has_media_rep))
    for number, shot in enumerate(result["shots"]):
        start = shot["start_frame"] * frame
        clip = ET.Element(
            "asset-clip",
            {
                "ref": "diffbgm",
                "lane": "-1",
                "offset": _time(begin + start),
                "name": f"BGM {number + 1}",
                "start": _time(start),
                "duration": _time(shot["end_frame"] * frame - start),
                "audioRole": "music",
            },
        )
        parent.insert(place + number, clip)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'.encode()


def _asset(length, folder, has_media_rep):
    asset = ET.Element(
        "asset",
        {
            "id": "diffbgm",
            "name": "BGM",
            "start": "0s",
            "duration": length,
            "hasAudio": "1",
            "audioSources": "1",
            "audioChannels": "2",
            "audioRate": "48000",
        },
    )
    url = (folder / "mix.wav").resolve().as_uri()
    if has_media_rep:
        ET.SubElement(asset, "media-rep", {"kind": "original-media", "src": url})
    else:
        asset.set("src", url)
    return asset


def _time(seconds):
    return f"{seconds.numerator}/{seconds.denominator}s"


if __name__ == "__main__":
    run(__doc__.splitlines()[0], with_music, lambda edit: ".fcpxml")

"""Premiere Pro (and Final Cut Pro 7): an exported XML in, an XML with a music track out.

In Premiere: File > Export > Final Cut Pro XML, then

    python integrations/premiere.py EDIT.xml -o WITH_MUSIC.xml --style ambient

and File > Import. One clip a shot on two tracks of sound (left and right), of mix.wav; all else
stays as it is. Standard library only.
"""

import xml.etree.ElementTree as ET

from scoring import run


def with_music(edit, result, folder):
    """The XML, as bytes, with the music of `result`, whose files lie in `folder`."""
    builder = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    root = ET.parse(edit, builder).getroot()
    sequence = next(root.iter("sequence"), None)
    if root.tag != "xmeml" or sequence is None:
        raise ValueError(f"{edit} is no XML of Final Cut Pro 7; export it as that")
    media = _child(sequence, "media")
    audio = _child(media, "audio")
    for channel in (1, 2):
        track = ET.SubElement(audio, "track")
        for shot in result["shots"]:
            track.append(_clip(shot, channel, result, folder))
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'.encode()


def _clip(shot, channel, result, folder):
    """One channel of one shot; the two of a shot are linked."""
    number, rate = shot["index"], result["frame_rate"]
    clip = ET.Element("clipitem", id=f"diffbgm-{number}-{channel}")
    _texts(clip, name=f"BGM {number + 1}", enabled="TRUE", duration=result["frames"])
    clip.append(_rate(rate))
    _texts(clip, start=shot["start_frame"], end=shot["end_frame"], out=shot["end_frame"])
    ET.SubElement(clip, "in").text = str(shot["start_frame"])
    file = ET.SubElement(clip, "file", id="diffbgm-file")
    if channel == 1 and number == 0:  # Described once, named after that.
        path = folder / "mix.wav"
        _texts(file, name=path.name, pathurl=path.resolve().as_uri(), duration=result["frames"])
        file.append(_rate(rate))
        audio = ET.SubElement(ET.SubElement(file, "media"), "audio")
        _texts(audio, channelcount=2)
        _texts(ET.SubElement(audio, "samplecharacteristics"), depth=24, samplerate=48000)
    _texts(ET.SubElement(clip, "sourcetrack"), mediatype="audio", trackindex=channel)
    for other in (1, 2):
        link = ET.SubElement(clip, "link")
        _texts(link, linkclipref=f"diffbgm-{number}-{other}", mediatype="audio")
    return clip


def _rate(rate):
    """23.976 is timebase 24 with ntsc."""
    numerator, denominator = rate
    element = ET.Element("rate")
    base = round(numerator / denominator)
    _texts(element, timebase=base, ntsc="TRUE" if denominator == 1001 else "FALSE")
    return element


def _child(element, name):
    found = element.find(name)
    return ET.SubElement(element, name) if found is None else found


def _texts(element, **texts):
    for name, text in texts.items():
        ET.SubElement(element, name).text = str(text)


if __name__ == "__main__":
    run(__doc__.splitlines()[0], with_music, lambda edit: ".xml")

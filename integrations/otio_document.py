"""Documents of OpenTimelineIO, for editors that export none. Standard library only."""


def otio_range(start, frames, rate):
    """A range of OpenTimelineIO, in frames."""
    times = {
        name: {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}
        for name, value in (("start_time", start), ("duration", frames))
    }
    return {"OTIO_SCHEMA": "TimeRange.1", **times}


def otio_timeline(tracks):
    """A timeline of lists, from the lowest track up, of (path or None, first frame, frames)."""
    children = []
    for track in tracks:
        items = []
        for path, start, frames, rate in track:
            item = {"OTIO_SCHEMA": "Gap.1", "source_range": otio_range(start, frames, rate)}
            if path is not None:
                reference = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": path.as_uri()}
                item |= {"OTIO_SCHEMA": "Clip.1", "name": path.stem, "media_reference": reference}
            items.append(item)
        children.append({"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": items})
    stack = {"OTIO_SCHEMA": "Stack.1", "children": children}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "edit", "tracks": stack}

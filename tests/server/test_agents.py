"""`diffbgm mcp` as an agent's program sees it: a process, and the SDK's own client."""

import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from diffbgm_server.agents.folders import FolderError, Folders
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from diffbgm import load_composition
from tests.data.made_films import write_film

pytestmark = pytest.mark.slow

QUICK = {"steps": 4, "style": "solo_piano"}


def with_agent(folder: Path, talk: Callable[[Client], Awaitable[None]]) -> None:
    """Runs `talk` with a client of a server that may use `folder`."""
    arguments = ["-m", "diffbgm.cli", "mcp", "--allow", str(folder), "--device", "cpu"]
    program = StdioServerParameters(command=sys.executable, args=arguments)

    async def main() -> None:
        async with Client(stdio_client(program)) as client:
            await talk(client)

    anyio.run(main)


async def ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.content
    return result.content[0].text  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the agent may use; beside it lies what it may not."""
    write_film(tmp_path / "secret.mp4", 1, 1)
    (tmp_path / "films").mkdir()
    write_film(tmp_path / "films" / "film.mp4", 2, 1.5)
    return tmp_path / "films"


def test_an_agent_composes_and_does_a_shot_again(folder: Path):
    told: list[tuple[float, str | None]] = []

    async def note(fraction: float, total: float | None, stage: str | None) -> None:
        assert total == 1
        told.append((fraction, stage))

    async def talk(client: Client) -> None:
        assert "solo_piano" in (await ask(client, "styles_and_moods"))["styles"]
        hits = await ask(client, "preview_hits", source="film.mp4", options={"bpm": [90, 120]})
        assert len(hits["hits"]) == 1
        assert not (folder / "music").exists()
        arguments = {"source": "film.mp4", "folder": "music", "options": QUICK}
        result = await client.call_tool("compose", arguments, progress_callback=note)
        assert not result.is_error, result.content
        assert load_composition(folder / "music").options["steps"] == 4
        await ask(client, "new_takes", folder="music", shot=1, options={"energy": 0.9})
        takes = await ask(client, "list_takes", folder="music", shot=1)
        assert (takes["in_the_mix"], len(takes["takes"])) == (1, 2)
        await ask(client, "choose_take", folder="music", shot=1, take=0)
        shots = (await ask(client, "describe", folder="music"))["shots"]
        assert (shots[1]["take"], shots[1]["takes"]) == (0, 2)

    with_agent(folder, talk)
    fractions = [fraction for fraction, _ in told]
    assert len(fractions) > 5
    assert fractions == sorted(fractions)
    assert {"analysis", "diffusion", "sound"} <= {stage for _, stage in told}


def clip(path: Path, start: int, frames: int) -> dict[str, Any]:
    """Part of a film, in an edit at 8 frames a second."""
    rate = {"OTIO_SCHEMA": "RationalTime.1", "rate": 8}
    shown = {"start_time": {**rate, "value": start}, "duration": {**rate, "value": frames}}
    reference = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": str(path)}
    source = {"OTIO_SCHEMA": "TimeRange.1", **shown}
    return {"OTIO_SCHEMA": "Clip.1", "media_reference": reference, "source_range": source}


def write_edit(path: Path, *clips: dict[str, Any]) -> None:
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": list(clips)}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    path.write_text(json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": "edit", "tracks": stack}))


def test_a_changed_edit_keeps_the_music_of_what_stayed(folder: Path):
    film = folder / "film.mp4"
    write_edit(folder / "one.otio", clip(film, 0, 12), clip(film, 12, 12))
    write_edit(folder / "two.otio", clip(film, 12, 12), clip(film, 0, 12))

    async def talk(client: Client) -> None:
        await ask(client, "compose", source="one.otio", folder="music", options=QUICK)
        changes = (await ask(client, "preview_refit", folder="music", edit="two.otio"))["changes"]
        assert {(each["shot"], each["before"]) for each in changes} == {(0, 1), (1, 0)}
        refit = await ask(client, "refit", folder="music", edit="two.otio", into="again")
        assert len(refit["shots"]) == 2
        exported = await ask(
            client, "export_timeline", folder="again", timeline_format="fcpxml", stems=True
        )
        assert "timeline.fcpxml" in exported["files"]
        words = await refusal(client, "refit", folder="music", edit="two.otio", into="../again")
        assert "folder_forbidden" in words

    with_agent(folder, talk)
    assert load_composition(folder / "again").seconds == 3


def test_nothing_outside_of_the_allowed_folders(folder: Path):
    secret = folder.parent / "secret.mp4"
    (folder / "link.mp4").symlink_to(secret)
    write_edit(folder / "edit.otio", clip(secret, 0, 8))

    async def talk(client: Client) -> None:
        for source in (str(secret), "../secret.mp4", "link.mp4", "edit.otio"):
            words = await refusal(client, "preview_hits", source=source, options={})
            assert "folder_forbidden" in words, words
        for out in ("..", "/tmp/elsewhere", "../music"):
            words = await refusal(client, "compose", source="film.mp4", folder=out, options=QUICK)
            assert "folder_forbidden" in words, words
        assert "folder_forbidden" in await refusal(client, "describe", folder="..")
        style = {"style": "mine.json"}
        words = await refusal(client, "compose", source="film.mp4", folder="m", options=style)
        assert "option_invalid" in words

    with_agent(folder, talk)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["films", "secret.mp4"]


def test_a_composition_of_other_films_is_refused(folder: Path, tmp_path: Path):
    document = json.loads(
        (Path(__file__).parents[1] / "golden" / "version_1" / "composition.json").read_text()
    )
    document["source"]["shots"][0]["media"] = str(tmp_path / "secret.mp4")
    (folder / "composition.json").write_text(json.dumps(document))

    async def talk(client: Client) -> None:
        assert "folder_forbidden" in await refusal(client, "describe", folder=".")

    with_agent(folder, talk)


def test_wrong_options_say_what_is_wrong(folder: Path):
    async def talk(client: Client) -> None:
        for options in ({"steps": 0}, {"colour": "red"}, {"mood": "wet"}, {"checkpoint": "x"}):
            words = await refusal(client, "preview_hits", source="film.mp4", options=options)
            assert next(iter(options)) in words, words

    with_agent(folder, talk)


def test_work_that_is_no_longer_wanted_ends_and_leaves_nothing(folder: Path):
    async def talk(client: Client) -> None:
        started = anyio.Event()

        async def note(*_: object) -> None:
            started.set()

        async def work() -> None:
            arguments = {"source": "film.mp4", "folder": "music", "options": {"steps": 1000}}
            await client.call_tool("compose", arguments, progress_callback=note)

        async with anyio.create_task_group() as group:
            group.start_soon(work)
            await started.wait()
            group.cancel_scope.cancel()
        await ask(client, "preview_hits", source="film.mp4", options={})

    with_agent(folder, talk)
    assert not (folder / "music" / "composition.json").exists()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(FolderError, match="no folder"):
        Folders.of([tmp_path / "nowhere"])
    command = [sys.executable, "-m", "diffbgm.cli", "mcp", "--allow", str(tmp_path / "nowhere")]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 1
    assert result.stderr.startswith("diffbgm: ")


def test_every_tool_is_documented(folder: Path):
    async def talk(client: Client) -> None:
        text = (Path(__file__).parents[2] / "docs" / "agents.md").read_text()
        tools = [tool.name for tool in (await client.list_tools()).tools]
        assert tools == re.findall(r"^\| `(\w+)", text, re.MULTILINE)

    with_agent(folder, talk)

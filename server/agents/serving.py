"""The tools over the Model Context Protocol, by its SDK. One piece of work at a time.

An agent may stop what it asked for: the work ends at its next report, and leaves all as it was.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import anyio
from anyio import from_thread, to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from diffbgm import __version__
from diffbgm.errors import DiffBGMError
from diffbgm.options import TimelineFormat
from diffbgm.progress import Progress, no_progress

from ..schema import ComposeRequestOptions, TakeRequest
from .folders import Folders
from .tools import Tools

_INSTRUCTIONS = (
    "Composes music for films and edits, so that beats meet their cuts. Begin with "
    "styles_and_moods and preview_hits; compose writes a folder; new_takes does single shots "
    "again, with a mood and an energy of their own. Paths that are not absolute begin in {first}; "
    "allowed are: {allowed}."
)
_STEP = 0.01  # of the whole: reports that are closer together are not sent

Source = Annotated[str, Field(description="a film, or an edit: .otio .edl .fcpxml .xml .kdenlive")]
Edit = Annotated[str, Field(description="the changed edit")]
Cuts = Annotated[str, Field(description="a film, an edit, or cuts as .json or .txt")]
Folder = Annotated[str, Field(description="the composition's folder")]
Shot = Annotated[int, Field(ge=0, description="counted from 0")]
Stems = Annotated[bool, Field(description="a track for each stem in place of the mix")]
Number = Annotated[int, Field(ge=0, description="of the take, counted from 0")]

_ComposeOptions = Annotated[ComposeRequestOptions, Field(default_factory=ComposeRequestOptions)]
_TakeOptions = Annotated[
    TakeRequest,
    Field(default_factory=TakeRequest, description="mood and energy of the shot, style, and more"),
]


def run(folders: Sequence[Path], device: str = "auto") -> None:
    """Serve an agent on standard input and output, to the end of the input.

    It may read and write in `folders` alone. FolderError for one that is not there.
    """
    create(Tools(Folders.of(folders), device)).run("stdio")


def create(tools: Tools) -> MCPServer:
    """The server, with a tool for each method of `tools`."""
    allowed = tools.folders.allowed
    server = MCPServer(
        "diffbgm",
        version=__version__,
        instructions=_INSTRUCTIONS.format(first=allowed[0], allowed=", ".join(map(str, allowed))),
    )
    _add_looking(server, tools)
    _add_making(server, tools)
    return server


def _add_looking(server: MCPServer, tools: Tools) -> None:
    """What changes nothing."""
    work = _Work()

    @server.tool(description=tools.styles_and_moods.__doc__)
    async def styles_and_moods() -> dict[str, Any]:
        return await work.do(lambda progress: tools.styles_and_moods())

    @server.tool(description=tools.describe.__doc__)
    async def describe(folder: Folder) -> dict[str, Any]:
        return await work.do(lambda progress: tools.describe(folder))

    @server.tool(description=tools.takes.__doc__)
    async def list_takes(folder: Folder, shot: Shot) -> dict[str, Any]:
        return await work.do(lambda progress: tools.takes(folder, shot))


def _add_making(server: MCPServer, tools: Tools) -> None:
    """What takes time, and tells how far it is; what changes nothing does not wait for it."""
    work = _Work()

    @server.tool(description=tools.preview_hits.__doc__)
    async def preview_hits(
        context: Context[Any, Any], source: Cuts, options: _ComposeOptions
    ) -> dict[str, Any]:
        return await work.do(lambda told: tools.preview_hits(source, options, told), context)

    @server.tool(description=tools.compose.__doc__)
    async def compose(
        context: Context[Any, Any], source: Source, folder: Folder, options: _ComposeOptions
    ) -> dict[str, Any]:
        return await work.do(lambda told: tools.compose(source, folder, options, told), context)

    @server.tool(description=tools.new_takes.__doc__)
    async def new_takes(
        context: Context[Any, Any], folder: Folder, shot: Shot, options: _TakeOptions
    ) -> dict[str, Any]:
        return await work.do(lambda told: tools.new_takes(folder, shot, options, told), context)

    @server.tool(description=tools.choose_take.__doc__)
    async def choose_take(
        context: Context[Any, Any], folder: Folder, shot: Shot, take: Number
    ) -> dict[str, Any]:
        return await work.do(lambda told: tools.choose_take(folder, shot, take, told), context)

    @server.tool(description=tools.preview_refit.__doc__)
    async def preview_refit(
        context: Context[Any, Any], folder: Folder, edit: Edit
    ) -> dict[str, Any]:
        return await work.do(lambda told: tools.preview_refit(folder, edit, told), context)

    @server.tool(description=tools.refit.__doc__)
    async def refit(
        context: Context[Any, Any], folder: Folder, edit: Edit, into: Folder
    ) -> dict[str, Any]:
        return await work.do(lambda told: tools.refit(folder, edit, into, told), context)

    @server.tool(description=tools.export_timeline.__doc__)
    async def export_timeline(
        folder: Folder, timeline_format: TimelineFormat | None = None, stems: Stems = False
    ) -> dict[str, Any]:
        return await work.do(lambda progress: tools.export_timeline(folder, timeline_format, stems))


class _Work:
    """Work in a thread, one piece after the other."""

    def __init__(self) -> None:
        self._turn = anyio.Lock()

    async def do(
        self,
        piece: Callable[[Progress], dict[str, Any]],
        context: Context[Any, Any] | None = None,
    ) -> dict[str, Any]:
        """What `piece` gives. ToolError, in its words, where it fails."""
        progress = _progress(context) if context else no_progress
        async with self._turn:
            try:
                return await to_thread.run_sync(lambda: piece(progress))
            except DiffBGMError as error:
                raise ToolError(f"{error.code}: {error}") from error


def _progress(context: Context[Any, Any]) -> Progress:
    """Tells the agent from the working thread; stops the work where the agent wants no more."""
    told = ("", -1.0)

    def progress(stage: str, fraction: float) -> None:
        nonlocal told
        from_thread.check_cancelled()
        if stage != told[0] or fraction - told[1] >= _STEP:
            told = (stage, fraction)
            from_thread.run(context.report_progress, fraction, 1.0, stage)

    return progress

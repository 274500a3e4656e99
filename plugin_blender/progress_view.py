"""The jobs that run and what the last one said, as a part of a panel. Shows; decides nothing."""

from . import compat, jobs, manual, operators, server_process
from .sidebar import draw_text
from .words import translated


def draw(layout) -> None:
    """A box for every job with its own Cancel, what the last ones said, and the server."""
    for job in jobs.running():
        _draw_job(layout, job)
    for notice in jobs.notices():
        _draw_notice(layout, notice)
    if jobs.has_unplaced():
        layout.operator(jobs.PLACE_AGAIN)
    state = server_process.state()
    row = layout.row(align=True)
    row.operator(
        operators.DIFFBGM_OT_start_server.bl_idname,
        text="Server Is Starting"
        if state == "starting"
        else "Server Is Running"
        if state
        else "Start Server",
        icon="URL",
        depress=state == "running",
    )
    row.operator(operators.DIFFBGM_OT_show_log.bl_idname, text="", icon="TEXT")
    row.operator(manual.DIFFBGM_OT_report_bug.bl_idname, text="", icon="COPYDOWN")
    row.operator(operators.DIFFBGM_OT_preferences.bl_idname, text="", icon="PREFERENCES")


def draw_status(header, context) -> None:
    """In the status bar, wherever the mouse is: every job with its own Cancel."""
    for job in jobs.running():
        row = header.layout.row(align=True)
        title, stage = translated(job.title), translated(job.stage)
        text = f"{title} {job.subject}: {stage} {job.fraction:.0%}"
        row.label(text=text, icon="SORTTIME")
        row.operator(operators.DIFFBGM_OT_cancel.bl_idname, text="", icon="X").job = job.id


def _draw_job(layout, job: jobs.Job) -> None:
    box = layout.box()
    row = box.row()
    row.label(text=f"{translated(job.title)}  {job.subject}")
    cancel = row.operator(operators.DIFFBGM_OT_cancel.bl_idname, text="", icon="X", emboss=False)
    cancel.job = job.id
    compat.draw_progress(box, job.fraction, translated(job.stage))


def _draw_notice(layout, notice: jobs.Notice) -> None:
    box = layout.box()
    box.alert = notice.is_error
    if len(jobs.notices()) + len(jobs.running()) > 1:
        box.label(text=translated(notice.about))
    draw_text(box, notice.text, "ERROR" if notice.is_error else "CHECKMARK")
    if notice.mend and notice.mend != jobs.PLACE_AGAIN:
        box.operator(notice.mend)

"""The report: one page, report.html, that plays a film with its music and shows what is in it."""

from diffbgm.writers.report.page import write_report

__all__ = ["write_report"]

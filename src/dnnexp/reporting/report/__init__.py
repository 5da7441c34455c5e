"""The report of a sweep: one HTML file with everything in it."""

from __future__ import annotations

from dnnexp.reporting.report.contents import Contents
from dnnexp.reporting.report.page import report_html

__all__ = ["Contents", "report_html"]

"""Plans, outcomes and tables for people, as plain text and as JSON.

It must not know terminals, files or clocks: it turns values into strings, and shows no secret.
"""

from gapps_hooks.report.memories import delivered_words
from gapps_hooks.report.outcomes import (
    FOR_A_PERSON,
    exit_status,
    outcome_as_json,
    outcome_line,
    summary,
)
from gapps_hooks.report.plans import plan_as_json, render_plan, render_plans
from gapps_hooks.report.tables import entries_table, facts, links_table, table
from gapps_hooks.report.words import change_line, clock_time, duration, iso_time, printable

__all__ = [
    "FOR_A_PERSON",
    "change_line",
    "clock_time",
    "delivered_words",
    "duration",
    "entries_table",
    "exit_status",
    "facts",
    "iso_time",
    "links_table",
    "outcome_as_json",
    "outcome_line",
    "plan_as_json",
    "printable",
    "render_plan",
    "render_plans",
    "summary",
    "table",
]

# SPDX-License-Identifier: Apache-2.0
"""What is left out of the judgement, and why: truths that are wrong, or about something else."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Dispute:
    """Wrong records of the rows that begin with `suite`, in logs whose name fits `name`."""

    suite: str
    name: str  # a regular expression, found anywhere
    column: str
    line: str  # the same, of the first line
    most: int  # so many are known; more are a fault of ours
    why: str


DISPUTES = [
    Dispute("crowdsec", "aws-alb", "time", "", 14,
            "takes the time at which the request came; a line's own time is when it was answered"),
    Dispute("crowdsec", "jellyfin-logs", "time", r"\+0[12]:00\]", 2, "passes over the offset"),
    Dispute("crowdsec", "fortinet", "time", r"tz=\"-0700\"", 9, "passes over the zone"),
    Dispute("filebeat elasticsearch audit", "", "time", r"\+0200", 1, "adds the offset"),
    Dispute("lnav strace_log", "", "message", "", 11, "has the arguments of the call alone"),
    Dispute("lnav access_log", "", "message", "", 2, "has what stands behind the usual fields"),
    Dispute("lnav access_log", "", "level", '" 404 ', 1,
            "takes status 400 for an error; ours begin at 500"),
    Dispute("lnav vdsm_log", "", "message", r"\(vm:2104\)", 1, "leaves out the end of the line"),
    Dispute("lnav block_log", "", "message", "", 1, "has a line that is not in the sample"),
    Dispute("lnav postgres_log", "", "level", r"\[local\] postgres@postgres WARNING: ", 1,
            "has one blank behind the level, where PostgreSQL writes two"),
    Dispute("syslog rsyslog", "", "message", "MSWinEventLog\t", 2,
            "takes a part of Snare's message for its tag"),
    Dispute("vrl parse_nginx_log", "error_rate", "message", "delaying requests", 1,
            "cuts the sentence at its first comma"),
]


def dispute_about(suite: str, name: str, column: str, line: str) -> Dispute | None:
    for dispute in DISPUTES:
        if suite.startswith(dispute.suite) and column == dispute.column \
                and re.search(dispute.name, name) and re.search(dispute.line, line):
            return dispute
    return None

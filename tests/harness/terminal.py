# SPDX-License-Identifier: Apache-2.0
"""A terminal for a program to print on."""

from __future__ import annotations

import os
import pty
import re
import tty

from .capture import Capture

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """A pseudo-terminal. Give `end` to the program, then call `given`."""

    def __init__(self) -> None:
        ours, self.end = pty.openpty()
        tty.setraw(self.end)  # or each line end would be read back with a carriage return
        self.screen = Capture(ours, "the terminal")

    def given(self) -> None:
        """The program has its end now: close ours, so that reading ends with the program."""
        os.close(self.end)

    @property
    def plain(self) -> str:
        """What was printed, without colours."""
        return _COLOURS.sub("", self.screen.text)

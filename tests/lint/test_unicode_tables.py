# SPDX-License-Identifier: Apache-2.0
"""The Unicode tables of the contract are what their script makes of them."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PERL = shutil.which("perl")
UNICODE = "14.0.0"


def perl_has() -> str:
    if PERL is None:
        return ""
    version = "use Unicode::UCD; print Unicode::UCD::UnicodeVersion()"
    return subprocess.run([PERL, "-e", version], capture_output=True, text=True,
                          check=False).stdout


@pytest.mark.skipif(perl_has() != UNICODE, reason=f"no Perl with Unicode {UNICODE}")
def test_the_tables_are_what_the_script_makes() -> None:
    made = subprocess.run([str(PERL), str(ROOT / "contract/unicode_properties.pl")],
                          capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "contract/unicode_properties.inc").read_text(encoding="utf-8")

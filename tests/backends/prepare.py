#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the tests' backends ahead of a run, or stops those that earlier runs left running."""

from __future__ import annotations

import argparse
import time

from servers import cache, kafka, loki, opensearch, otelcol, process, prometheus

SERVERS = {"kafka": kafka, "loki": loki, "opensearch": opensearch, "otelcol": otelcol,
           "prometheus": prometheus}


def main() -> None:
    """Exits with 0 whatever is missing: the tests of a missing backend are skipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", nargs="*", help=f"of {', '.join(SERVERS)}; all by default")
    parser.add_argument("--stop", action="store_true", help="stop kept servers, build nothing")
    asked = parser.parse_args()
    unknown = sorted(set(asked.server) - set(SERVERS))
    if unknown:
        parser.error(f"no such server: {', '.join(unknown)}")
    if asked.stop:
        ended = process.stop_kept()
        print("stopped:", ", ".join(ended) if ended else "none was running")
        return
    for name in asked.server or SERVERS:
        prepare(name)


def prepare(name: str) -> None:
    """Builds one server and prints where it is, or why it is not."""
    module = SERVERS[name]
    recipe = module.RECIPE
    if not recipe.is_built(cache.root()):
        print(f"{recipe.title}: building, {recipe.lasts} the first time ...", flush=True)
    began = time.monotonic()
    try:
        where = module.build(cache.root())
    except cache.Unavailable as reason:
        print(f"{recipe.title}: unavailable: {reason}", flush=True)
        return
    print(f"{recipe.title}: {where} ({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()

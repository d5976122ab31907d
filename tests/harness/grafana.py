# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Grafana's HTTP API: as much of it as `waybill setup grafana` calls."""

from __future__ import annotations

import json
from typing import Any

from .backend import Backend, Reply, Request

TOKEN = "glsa_of_the_tests"


class GrafanaBackend(Backend[None]):
    """Keeps what it is given. A data source is refused when its uid or its name is taken, and
    whoever has no token is turned away, but for /api/health."""

    product = "Grafana"

    def __init__(self, listening: bool = True, **where: Any) -> None:
        self.sources: dict[str, dict[str, Any]] = {}  # by uid
        self.folders: dict[str, str] = {}  # titles by uid
        self.dashboards: dict[str, dict[str, Any]] = {}  # by uid
        super().__init__(listening, **where)

    def decode(self, request: Request) -> list[None]:
        return []

    def stored(self, request: Request, reply: Reply) -> list[None]:
        return []

    def accept(self, request: Request) -> Reply:
        if (request.method, request.path) == ("GET", "/api/health"):
            return _json(200, {"database": "ok", "version": "11.2.0"})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _json(401, {"message": "Invalid API key"})
        assert request.headers["content-type"] == "application/json"
        asked = json.loads(request.body)
        if request.path == "/api/datasources":
            return self._add_source(asked)
        if request.path.startswith("/api/datasources/uid/"):
            return self._replace_source(request.path.rsplit("/", 1)[1], asked)
        if request.path == "/api/folders":
            if asked["uid"] in self.folders:
                return _json(409, {"message": "a folder with the same uid already exists"})
            self.folders[asked["uid"]] = asked["title"]
            return _json(200, {})
        assert request.path == "/api/dashboards/db", request.path
        return self._put_dashboard(asked)

    def _add_source(self, source: dict[str, Any]) -> Reply:
        taken = any(source["uid"] == uid or source["name"] == other["name"]
                    for uid, other in self.sources.items())
        if taken:
            return _json(409, {"message": "data source with the same name already exists"})
        self.sources[source["uid"]] = source
        return _json(200, {"message": "Datasource added"})

    def _replace_source(self, uid: str, source: dict[str, Any]) -> Reply:
        if uid not in self.sources:
            return _json(404, {"message": "Data source not found"})
        self.sources[uid] = source
        return _json(200, {"message": "Datasource updated"})

    def _put_dashboard(self, asked: dict[str, Any]) -> Reply:
        board = asked["dashboard"]
        if asked["folderUid"] not in self.folders:
            return _json(400, {"message": "folder not found"})
        if board["uid"] in self.dashboards and not asked["overwrite"]:
            return _json(412, {"status": "version-mismatch"})
        self.dashboards[board["uid"]] = board
        return _json(200, {"status": "success", "uid": board["uid"],
                           "url": f"/d/{board['uid']}/{board['uid']}"})


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

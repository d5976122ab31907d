# SPDX-License-Identifier: Apache-2.0
"""`waybill setup grafana`: files for provisioning, and the calls of Grafana's API. What stands in
the dashboards and rules is asked of real servers in tests/backends/test_grafana.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.backend import Reply
from harness.grafana import TOKEN, GrafanaBackend
from harness.runner import Ended, Runner

FILES = ["dashboards/waybill.yaml", "dashboards/waybill/daemon.json",
         "dashboards/waybill/logs.json", "datasources/waybill.yaml", "rules/loki.yaml",
         "rules/prometheus.yaml"]
NOWHERE = "neither --tempo nor --jaeger is given"


@pytest.fixture
def grafana() -> Iterator[GrafanaBackend]:
    backend = GrafanaBackend()
    yield backend
    backend.close()


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def write(waybill: Runner, folder: Path, *more: str, **loki: Any) -> Ended:
    """Writes the files; with options of a Loki output, by a config that has one."""
    words = ["setup", "grafana", "--dir", str(folder), *more]
    if loki:
        config = {"outputs": {"logs": {"type": "loki", "endpoint": "http://loki.shop:3100",
                                       **loki}}}
        words += ["-c", str(waybill.write_config(config))]
    return waybill.run(*words)


def load(folder: Path, name: str) -> Any:
    text = (folder / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def sources(folder: Path) -> dict[str, dict[str, Any]]:
    """By type, as Grafana has them once it has put in its environment."""
    text = (folder / "datasources/waybill.yaml").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\$)\$(?!\$)", text), "a single $ is a variable to Grafana"
    found = yaml.safe_load(text.replace("$$", "$"))["datasources"]
    return {one["type"]: one for one in found}


def queries(folder: Path) -> list[str]:
    board = load(folder, "dashboards/waybill/logs.json")
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]


def test_files_for_provisioning(waybill: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "provisioning"
    ended = write(waybill, folder, "--tempo", "http://tempo:3200")
    assert (ended.code, ended.err) == (0, "")
    made = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert made == FILES
    assert sorted(ended.out.splitlines()) == [f"{folder}/{name}" for name in FILES]
    (provider,) = load(folder, "dashboards/waybill.yaml")["providers"]
    assert provider["options"]["path"] == f"{folder}/dashboards/waybill"
    made_sources = sources(folder)
    loki, tempo = made_sources["loki"], made_sources["tempo"]
    assert loki["url"] == "http://loki:3100" and tempo["url"] == "http://tempo:3200"
    assert made_sources["prometheus"]["url"] == "http://prometheus:9090"
    (derived,) = loki["jsonData"]["derivedFields"]
    assert derived["matcherType"] == "label" and derived["matcherRegex"] == "trace_id"
    assert derived["datasourceUid"] == tempo["uid"] and derived["url"] == "${__value.raw}"
    (exemplar,) = made_sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert exemplar == {"name": "trace_id", "datasourceUid": tempo["uid"]}
    back = tempo["jsonData"]["tracesToLogsV2"]
    assert back["datasourceUid"] == loki["uid"] and "${__trace.traceId}" in back["query"]


def test_dashboards_are_whole(waybill: Runner, tmp_path: Path) -> None:
    assert write(waybill, tmp_path / "p").code == 0
    for name, kind in (("logs", "loki"), ("daemon", "prometheus")):
        board = load(tmp_path / "p", f"dashboards/waybill/{name}.json")
        assert board["uid"] == f"waybill-{name}" and "id" not in board
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        assert board["templating"]["list"][0]["current"]["value"] == f"waybill-{kind}"
        taken = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            assert not cells & taken, f"{panel['title']} lies over another panel"
            taken |= cells
            if panel["type"] != "row":
                assert panel["datasource"] == {"type": kind, "uid": f"${{{kind}}}"}
                assert panel["targets"], panel["title"]
        assert "@" not in json.dumps(board)


@pytest.mark.parametrize(("loki", "selector", "behind", "name"), [
    ({"labels": ["service_name", "level"]}, ', level=~"$level"}', "", "level"),
    ({"labels": ["service_name", "severity={level}"]}, ', severity=~"$level"}', "", "severity"),
    ({"labels": ["service_name"]}, '"$service"}',
     ' | json level="level" | drop __error__, __error_details__ | level=~"$level"', "level"),
    ({"labels": ["service_name"], "line": "message"}, '"$service"}', ' | level=~"$level"', "level"),
])
def test_queries_follow_the_labels(
    waybill: Runner, tmp_path: Path, loki: dict[str, Any], selector: str, behind: str, name: str
) -> None:
    ended = write(waybill, tmp_path / "p", "--jaeger", "http://jaeger:16686", **loki)
    assert (ended.code, ended.err) == (0, "")
    assert sources(tmp_path / "p")["loki"]["url"] == "http://loki.shop:3100"
    assert sources(tmp_path / "p")["jaeger"]["uid"] == "waybill-jaeger"
    (by_level,) = [query for query in queries(tmp_path / "p") if f"sum by ({name})" in query]
    assert selector + behind + " [$__auto]" in by_level, by_level
    rules = load(tmp_path / "p", "rules/loki.yaml")["groups"][0]["rules"]
    assert f'{name}=~"FATAL"' in rules[1]["expr"]


def test_tenants_and_credentials(waybill: Runner, tmp_path: Path) -> None:
    ended = write(waybill, tmp_path / "p", "--tempo", "uid:mine", tenant="acme",
                  auth={"user": "writer", "password": "s3cret"})
    assert ended.code == 0
    assert "the credentials of outputs.logs are for writing" in ended.err
    made = sources(tmp_path / "p")
    assert made["loki"]["jsonData"]["httpHeaderName1"] == "X-Scope-OrgID"
    assert made["loki"]["secureJsonData"] == {"httpHeaderValue1": "acme"}
    assert made["loki"]["jsonData"]["derivedFields"][0]["datasourceUid"] == "mine"
    assert "tempo" not in made, "it is there already"
    everything = "".join(path.read_text(encoding="utf-8")
                         for path in (tmp_path / "p").rglob("*.*"))
    assert "s3cret" not in everything and "writer" not in everything


def test_a_folder_that_grafana_sees_elsewhere(waybill: Runner, tmp_path: Path) -> None:
    ended = write(waybill, tmp_path / "p", "--mounted-at", "/etc/grafana/provisioning/",
                  "--loki", "uid:the-loki")
    assert ended.code == 0 and NOWHERE in ended.err
    (provider,) = load(tmp_path / "p", "dashboards/waybill.yaml")["providers"]
    assert provider["options"]["path"] == "/etc/grafana/provisioning/dashboards/waybill"
    assert "loki" not in sources(tmp_path / "p")
    board = load(tmp_path / "p", "dashboards/waybill/logs.json")
    assert board["templating"]["list"][0]["current"]["value"] == "the-loki"


def test_installed_and_installed_again(
    waybill: Runner, grafana: GrafanaBackend, token: str
) -> None:
    words = ["setup", "grafana", "--url", grafana.url, "--token-file", token, "--tempo",
             "http://tempo:3200"]
    ended = waybill.run(*words)
    assert (ended.code, ended.err) == (0, "")
    assert set(grafana.sources) == {"waybill-loki", "waybill-prometheus", "waybill-tempo"}
    assert set(grafana.dashboards) == {"waybill-logs", "waybill-daemon"}
    assert "installed the data source Waybill Loki (uid waybill-loki)" in ended.out
    assert f"installed the dashboard {grafana.url}/d/waybill-logs/waybill-logs" in ended.out
    asked = [(each.method, each.path) for each in grafana.requests]
    assert asked == [("GET", "/api/health"), *[("POST", "/api/datasources")] * 3,
                     ("POST", "/api/folders"), *[("POST", "/api/dashboards/db")] * 2]
    derived = grafana.sources["waybill-loki"]["jsonData"]["derivedFields"][0]
    assert derived["url"] == "${__value.raw}", "only files double a $"

    words[-1] = "http://tempo.new:3200"
    ended = waybill.run(*words)
    assert (ended.code, ended.err) == (0, "")
    assert grafana.sources["waybill-tempo"]["url"] == "http://tempo.new:3200"
    methods = [each.method for each in grafana.requests[len(asked):]]
    assert methods.count("PUT") == 3


def test_what_goes_wrong_is_said(
    waybill: Runner, grafana: GrafanaBackend, token: str, tmp_path: Path
) -> None:
    words = ["setup", "grafana", "--url", grafana.url, "--tempo", "http://tempo:3200"]
    ended = waybill.run(*words)
    assert ended.code == 1
    assert "HTTP 401" in ended.err and "see --token-file" in ended.err
    words += ["--token-file", token]
    grafana.sources["other"] = {"uid": "other", "name": "Waybill Loki"}
    ended = waybill.run(*words)
    assert ended.code == 1
    assert "there is another data source called Waybill Loki" in ended.err
    assert "waybill-prometheus" in grafana.sources, "the others are installed"
    del grafana.sources["other"]
    grafana.then(Reply(200, b'{"database":"ok"}'),
                 Reply(403, b'{"message":"You will need permissions"}'))
    ended = waybill.run(*words)
    assert ended.code == 1
    assert "the service account needs the role Admin" in ended.err
    grafana.then(Reply(200, b"<html>"))
    ended = waybill.run(*words)
    assert ended.code == 1 and "what answers there is no Grafana" in ended.err
    ended = waybill.run(*words[:2], "--url", "grafana:3000", "--dir", str(tmp_path / "p"))
    assert ended.code == 1 and "http://" in ended.err
    assert (tmp_path / "p/rules/loki.yaml").is_file(), "files need no Grafana"
    (tmp_path / "file").write_text("")
    ended = waybill.run("setup", "grafana", "--dir", str(tmp_path / "file"))
    assert ended.code == 1 and "cannot make the folder" in ended.err


@pytest.mark.parametrize(("words", "complaint"), [
    ([], "say --dir DIR"),
    (["--dir", "p", "--tempo", "http://a", "--jaeger", "http://b"], "leads to one of them"),
    (["--dir", "p", "--loki", "loki:3100"], "--loki: this is not a usable URL"),
    (["--dir", "p", "--loki", "http://u:p@loki:3100"], "leave the credentials out"),
    (["--dir", "p", "--prometheus", "uid:a/b"], "a uid has letters"),
    (["--dir", "p", "--loki", "unix:///run/loki.sock"], "no Unix socket"),
])
def test_wrong_usage(waybill: Runner, words: list[str], complaint: str) -> None:
    ended = waybill.run("setup", "grafana", *words)
    assert ended.code == 2 and complaint in ended.err, ended.err
    assert not (waybill.folder / "p").exists()


def test_which_output_of_the_config(waybill: Runner, tmp_path: Path) -> None:
    def made(*more: str, **outputs: dict[str, Any]) -> Ended:
        path = str(waybill.write_config({"outputs": outputs}))
        return waybill.run("setup", "grafana", "--dir", str(tmp_path / "p"), "-c", path, *more)

    first = {"type": "loki", "endpoint": "http://one:3100"}
    second = {"type": "loki", "endpoint": "http://two:3100"}
    ended = made(a=first, b=second)
    assert ended.code == 0 and "of 2 Loki outputs the dashboards are for a" in ended.err
    ended = made("--output", "b", a=first, b=second)
    assert ended.code == 0
    assert sources(tmp_path / "p")["loki"]["url"] == "http://two:3100"
    ended = made("--output", "c", a=first)
    assert ended.code == 2 and "no Loki output called c" in ended.err
    ended = made(o={"type": "console"})
    assert ended.code == 2 and "no output of the type loki" in ended.err

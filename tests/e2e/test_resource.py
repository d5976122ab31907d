# SPDX-License-Identifier: Apache-2.0
"""Who speaks: config, environment, files of pods, paths of logs, clouds; and how many services."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any

from harness.backend import ElasticBackend, LokiBackend, OtlpBackend
from harness.metadata import MetadataService
from harness.runner import Runner

UID = "0a1b2c3d-0000-1111-2222-333344445555"
CONFIG: dict[str, Any] = {
    "inputs": {"pipe": {"type": "stdin"}},
    "outputs": {"out": {"type": "console", "style": "json"}},
}


def resource_of(waybill: Runner, resource: dict[str, Any], env: dict[str, str] | None = None
                ) -> dict[str, str]:
    ended = waybill.run("run", config=CONFIG | {"resource": resource}, stdin=b"x\n", env=env)
    assert ended.code == 0, ended.err
    return dict(ended.records[0]["resource"])


def pod_log(folder: Path, pod: str, container: str, restarts: int, text: str) -> Path:
    path = folder / "pods" / f"shop_{pod}_{UID}" / container / f"{restarts}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"2026-01-02T03:04:05.678901234Z stdout F {text}\n")
    return path


def test_files_of_the_downward_api(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text(
        'app.kubernetes.io/name="shop"\napp.kubernetes.io/version="1.4"\nother="x"\n')
    (tmp_path / "annotations").write_text('resource.opentelemetry.io/team="a \\"b\\""\n')
    (tmp_path / "name").write_text("shop-0")
    (tmp_path / "namespace").write_text("eu")
    said = {"podinfo": str(tmp_path), "owner": "me"}
    config = CONFIG | {"resource": said}
    ended = waybill.run("run", config=config, stdin=b"x\n")
    (record,) = ended.records
    assert record["service_name"] == "shop"
    resource = record["resource"]
    assert (resource["service.version"], resource["team"]) == ("1.4", 'a "b"')
    assert (resource["k8s.pod.name"], resource["k8s.namespace.name"]) == ("shop-0", "eu")
    assert resource["owner"] == "me" and "podinfo" not in resource and "detect" not in resource
    # Variables beat the files, OTEL_* both, the config all of them.
    env = {"POD_NAME": "by-variable", "OTEL_RESOURCE_ATTRIBUTES": "team=otel,owner=otel"}
    resource = resource_of(waybill, said, env)
    assert resource["k8s.pod.name"] == "by-variable" and resource["team"] == "otel"
    assert resource["owner"] == "me"


def test_explain_says_who_set_what_and_whom_that_beats(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "name").write_text("shop-0")
    config = CONFIG | {"service": {"name": "pay"}, "resource": {"podinfo": str(tmp_path)}}
    env = {"POD_NAME": "shop-1", "OTEL_SERVICE_NAME": "otel"}
    shown = waybill.run("explain", "x", config=config, env=env).out
    assert "service.name=pay (service.name of the config; beats otel of OTEL_SERVICE_NAME)" in shown
    assert f"k8s.pod.name=shop-1 (POD_NAME; beats shop-0 of {tmp_path}/name)" in shown
    assert "(the host)" in shown


def test_the_path_of_a_pods_log_beats_everything_for_its_file(
    waybill: Runner, tmp_path: Path
) -> None:
    pod_log(tmp_path, "web-1", "app", 0, "one")
    pod_log(tmp_path, "web-2", "side", 3, '{"msg":"two"}')
    (tmp_path / "plain.log").write_text("three\n")
    config = CONFIG | {
        "service": {"name": "agent"},
        "resource": {"k8s.pod.name": "agent-0", "team": "ops"},
        "inputs": {"files": {"type": "file", "format": "auto", "start_at": "beginning",
                             "include": [f"{tmp_path}/pods/*/*/*.log", f"{tmp_path}/*.log"]}},
    }
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0, ended.err
    by_message = {record["message"]: record["resource"] for record in ended.records}
    one, two, three = (by_message[message] for message in ("one", "two", "three"))
    assert one["k8s.pod.name"] == "web-1" and one["k8s.container.restart_count"] == "0"
    assert one["k8s.namespace.name"] == "shop" and one["k8s.pod.uid"] == UID
    assert two["k8s.pod.name"] == "web-2" and two["k8s.container.name"] == "side"
    assert two["k8s.container.restart_count"] == "3" and two["team"] == "ops"
    assert three["k8s.pod.name"] == "agent-0" and "k8s.pod.uid" not in three


def test_every_output_tells_pods_apart(
    waybill: Runner,
    tmp_path: Path,
    loki_backend: LokiBackend,
    elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend,
) -> None:
    for n in range(3):
        pod_log(tmp_path, f"web-{n}", "app", n, f"line {n}")
    config = CONFIG | {
        "inputs": {"files": {"type": "file", "include": [f"{tmp_path}/pods/*/*/*.log"],
                             "start_at": "beginning"}},
        "outputs": {
            "loki": {"type": "loki", "endpoint": loki_backend.url,
                     "labels": ["service_name", "k8s.pod.name"]},
            "es": {"type": "elasticsearch", "endpoints": [elastic_backend.url],
                   "data_stream": "logs-x-default"},
            "otlp": {"type": "otlp", "endpoint": otlp_backend.url},
        },
    }
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0, ended.err
    pods = {f"line {n}": f"web-{n}" for n in range(3)}
    in_loki = {}
    for entry in loki_backend.taken:
        assert entry.metadata["k8s_namespace_name"] == "shop"
        assert "k8s_pod_name" not in entry.metadata
        in_loki[json.loads(entry.line)["message"]] = entry.labels["k8s_pod_name"]
    assert in_loki == pods
    documents = elastic_backend.taken
    assert {one.source["message"]: one.source["orchestrator.resource.name"]
            for one in documents} == pods
    in_otlp = {record.body: record.resource["k8s.pod.name"] for record in otlp_backend.taken}
    assert in_otlp == pods


def test_the_machine_and_the_child_are_described_when_asked_for(waybill: Runner) -> None:
    plain = resource_of(waybill, {"owner": "me"})
    assert not any(name.startswith(("os.", "process.", "host.arch")) for name in plain)
    config = {"resource": {"detect": ["host", "os", "process"], "process.owner": "said"}}
    process = waybill.start("exec", "--to", "json", "--", "sh", "-c", "echo $$ $PPID; read line",
                            config=config)
    (record,) = process.out.wait_for_records(1)
    process.write(b"go on\n")
    assert process.wait() == 0
    resource = record["resource"]
    assert resource["os.type"] == "linux" and resource["host.arch"]
    pids = f'{resource["process.pid"]} {resource["process.parent_pid"]}'
    assert pids == record["message"]
    assert resource["process.command"] == "sh"
    assert resource["process.executable.path"] == os.path.realpath(shutil.which("sh") or "")
    assert resource["process.owner"] == "said"  # the config beats what is found
    # One that has ended before it was looked at is told by its name.
    for _ in range(5):
        (record,) = waybill.run("exec", "--to", "json", "--", "echo", "x", config=config).records
        found = record["resource"]["process.executable.path"]
        assert found == os.path.realpath(shutil.which("echo") or "")
    # Who pipes its lines in is not known.
    piped = resource_of(waybill, {"detect": ["process", "os"]})
    assert "os.type" in piped and "process.pid" not in piped and "host.arch" not in piped


def test_a_cloud_is_asked_only_when_asked_for(waybill: Runner) -> None:
    document = {"accountId": "1", "region": "eu-west-1", "availabilityZone": "eu-west-1a",
                "instanceId": "i-1", "instanceType": "t3.small"}
    service = MetadataService({
        "PUT /latest/api/token": "secret",
        "GET /latest/dynamic/instance-identity/document": json.dumps(document),
    })
    with service.serving():
        env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://{service.address}"}
        assert "cloud.provider" not in resource_of(waybill, {"a": "b"}, env)
        assert not service.asked
        resource = resource_of(waybill, {"detect": ["aws"]}, env)
        assert resource["cloud.provider"] == "aws" and resource["host.id"] == "i-1"
        assert resource["cloud.availability_zone"] == "eu-west-1a"
        assert waybill.run("check", config=CONFIG | {"resource": {"detect": ["aws"]}},
                           env=env).code == 0
        assert len(service.asked) == 2, "check asks nobody"


def test_google_and_azure(waybill: Runner) -> None:
    root = "GET /computeMetadata/v1/"
    google = MetadataService({
        f"{root}project/project-id": "shop",
        f"{root}instance/zone": "projects/1/zones/europe-west1-b",
        f"{root}instance/attributes/cluster-name": "blue",
    }, wants=("Metadata-Flavor", "Google"))
    azure = MetadataService({
        "GET /metadata/instance/compute?api-version=2021-02-01&format=json":
            '{"location":"westeurope","vmId":"v","subscriptionId":"s"}',
    }, wants=("Metadata", "true"))
    with google.serving(), azure.serving():
        env = {"GCE_METADATA_HOST": google.address,
               "AZURE_METADATA_ENDPOINT": f"http://{azure.address}/"}
        resource = resource_of(waybill, {"detect": "gcp"}, env)
        assert resource["cloud.region"] == "europe-west1"
        assert resource["k8s.cluster.name"] == "blue"
        resource = resource_of(waybill, {"detect": ["azure"]}, env)
        assert (resource["cloud.region"], resource["host.id"]) == ("westeurope", "v")


def test_a_cloud_that_does_not_answer_costs_a_second_and_is_said(waybill: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {"AZURE_METADATA_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        began = time.monotonic()
        ended = waybill.run("run", config=CONFIG | {"resource": {"detect": ["azure"]}},
                            stdin=b"x\n", env=env)
        assert time.monotonic() - began < 15
    assert ended.code == 0
    assert "azure does not answer" in ended.err
    assert "cloud.provider" not in ended.records[0].get("resource", {})


def test_what_is_no_cloud_is_said_with_its_place(waybill: Runner) -> None:
    ended = waybill.run("check", config="resource: {detect: [aws, azur], a: [b]}\n")
    assert ended.code == 2
    assert "did you mean 'azure'?" in ended.err and "waybill.yaml:1:" in ended.err
    assert "resource.a: must be a single value, not a list" in ended.err


def test_lines_may_name_so_many_services(waybill: Runner) -> None:
    config = CONFIG | {"service": {"name": "shop", "max_from_lines": 10}}
    lines = [f'{{"level":"info","msg":"m{n}","service_name":"s{n}"}}\n' for n in range(30)]
    lines += [f"level=info msg=m{n} service_name=s{n}\n" for n in range(30, 40)]
    process = waybill.start("run", config=config).wait_ready()
    process.write("".join(lines))
    records = process.out.wait_for_records(40)
    assert len({record["service_name"] for record in records}) == 11
    for record in records[10:]:
        assert record["service_name"] == "shop"
        assert f"s{record['message'][1:]}" in record["context"].values(), record
    assert process.metrics().value("waybill_service_names_refused_total") == 30
    assert process.err.text.count("name more than 10 services") == 1

"""The scripts that `host bootstrap` prints: any shell takes them, and on a machine they do what they say."""

import base64
import json
import os
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from kubectl_containerjob.main import PROGRAM, cli
from kubectl_containerjob.setup import bootstraps
from kubectl_containerjob.setup.bootstraps import Machine, name_for

MACHINE = Machine("b1.example.com", "b1", names=("192.0.2.7", "b1.lan"), namespaces=("default", "team"))

KEYGEN = 'while [ $# -gt 1 ]; do [ "$1" = -f ] && f=$2; shift; done; [ -f "$f" ] || touch "$f" "$f.pub"'
"""A stand-in for ssh-keygen."""


def printed(*words: str) -> str:
    result = CliRunner().invoke(cli, ["host", "bootstrap", *words], prog_name=PROGRAM)
    assert result.exit_code == 0, result.output
    return result.output


def manifests(script: str) -> list[dict[str, object]]:
    """Return the DockerHosts in a script."""
    parts = script.split("<<'MANIFEST'\n")[1:]
    return [yaml.safe_load(part.partition("\nMANIFEST\n")[0]) for part in parts]


def run(script: str, folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run a script below a folder, with stand-ins for what would change the machine or leave it."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    for name in ("systemctl", "kubectl", "ssh", "ssh-keyscan", "ssh-keygen", "sleep"):
        body = programs.get(name.replace("-", "_"), "cat >/dev/null")
        (bin_ / name).write_text(f'#!/bin/sh\necho {name} "$@" >>{folder}/calls\n{body}\n')
        (bin_ / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "DESTDIR": str(folder / "root")}
    return subprocess.run(
        ["sh", "-s"], input=script, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def openssl(*words: str, folder: Path) -> str:
    return subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("make", [bootstraps.tls, bootstraps.ssh, bootstraps.unix])
def test_a_shell_takes_the_script_and_no_place_is_left_open(make: "object") -> None:
    script = make(MACHINE)  # type: ignore[operator]
    checked = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "@NAME@" not in script
    assert "Read it first" in script


def test_certificates_hold_every_name_and_serve_one_side_each(tmp_path: Path) -> None:
    done = run(bootstraps.tls(MACHINE), tmp_path)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "containerjob-b1"
    names = openssl("x509", "-in", "server.pem", "-noout", "-ext", "subjectAltName", folder=made)
    assert "DNS:b1.example.com, IP Address:192.0.2.7, DNS:b1.lan, DNS:localhost, IP Address:127.0.0.1" in names
    for side in ("server", "client"):
        verified = openssl("verify", "-CAfile", "ca.pem", "-purpose", f"ssl{side}", f"{side}.pem", folder=made)
        assert verified == f"{side}.pem: OK\n"
    assert all(key.stat().st_mode & 0o077 == 0 for key in made.glob("*-key.pem"))
    daemon = json.loads((tmp_path / "root/etc/docker/daemon.json").read_text())
    assert daemon["tlsverify"] is True
    assert "tcp://0.0.0.0:2376" in daemon["hosts"]
    assert "systemctl restart docker" in (tmp_path / "calls").read_text()
    secret = yaml.safe_load((made / "secret.yaml").read_text())
    assert base64.b64decode(secret["data"]["tls.key"]) == (made / "client-key.pem").read_bytes()
    host = yaml.safe_load((made / "dockerhost.yaml").read_text())
    assert host["spec"]["endpoint"] == "tcp://b1.example.com:2376"
    assert host["spec"]["tls"]["secretRef"]["name"] == secret["metadata"]["name"]


def test_a_second_run_keeps_the_authority_and_a_foreign_daemon_json_is_not_overwritten(tmp_path: Path) -> None:
    assert run(bootstraps.tls(MACHINE), tmp_path).returncode == 0
    authority = (tmp_path / "containerjob-b1/ca.pem").read_bytes()
    assert run(bootstraps.tls(MACHINE), tmp_path).returncode == 0
    assert (tmp_path / "containerjob-b1/ca.pem").read_bytes() == authority
    foreign = tmp_path / "root/etc/docker/daemon.json"
    foreign.write_text('{"debug": true}')
    refused = run(bootstraps.tls(MACHINE), tmp_path)
    assert refused.returncode == 1
    assert "is there already: add to it" in refused.stderr
    assert foreign.read_text() == '{"debug": true}'
    foreign.write_text('{"debug": true, "tlsverify": true}')
    assert run(bootstraps.tls(MACHINE), tmp_path).returncode == 0


def test_the_way_over_ssh_makes_a_socket_that_this_version_reaches(tmp_path: Path) -> None:
    socket = tmp_path / "root/run/containerjob/b1.sock"
    listen = f"python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('{socket}')\""
    socket.parent.mkdir(parents=True)
    done = run(
        bootstraps.ssh(MACHINE),
        tmp_path,
        ssh_keygen=KEYGEN,
        ssh_keyscan="echo b1.example.com key",
        systemctl=f"[ $1 = enable ] && {listen}; true",
    )
    assert done.returncode == 0, done.stderr
    unit = (tmp_path / "root/etc/systemd/system/containerjob-b1.service").read_text()
    assert "-L /run/containerjob/b1.sock:/var/run/docker.sock root@b1.example.com\n" in unit
    calls = (tmp_path / "calls").read_text()
    assert "kubectl apply -f -" in calls
    assert "systemctl enable --now containerjob-b1.service" in calls
    (host,) = manifests(bootstraps.ssh(MACHINE))
    assert host["spec"] == {
        "endpoint": "unix:///run/containerjob/b1.sock",
        "allowedNamespaces": {
            "from": "Selector",
            "selector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["default", "team"]}
                ]
            },
        },
    }


def test_a_socket_that_never_comes_says_where_to_look(tmp_path: Path) -> None:
    done = run(bootstraps.ssh(MACHINE), tmp_path, ssh_keygen=KEYGEN, ssh_keyscan="echo key")
    assert (done.returncode, done.stderr) == (1, "no socket yet: see journalctl -u containerjob-b1\n")
    assert (tmp_path / "calls").read_text().count("sleep 1") == 30


def test_the_operators_own_machine_needs_a_manifest_only() -> None:
    (host,) = manifests(printed("here", "--local", "--endpoint", "unix:///run/podman/podman.sock"))
    assert host["metadata"] == {"name": "here"}
    assert host["spec"] == {"endpoint": "unix:///run/podman/podman.sock", "allowedNamespaces": {"from": "None"}}


def test_the_way_over_tcp_says_that_this_version_refuses_it_and_what_works() -> None:
    script = printed("b1.example.com")
    assert "does not take tcp:// endpoints yet" in script
    assert "host bootstrap b1.example.com --ssh" in script
    assert "tcp://[2001:db8::7]:2376" in printed("2001:db8::7")


@pytest.mark.parametrize(
    ("host", "name"), [("B1.example.com", "b1"), ("192.0.2.7", "192-0-2-7"), ("2001:db8::7", "2001-db8-7")]
)
def test_a_host_is_called_after_its_machine(host: str, name: str) -> None:
    assert name_for(host) == name


@pytest.mark.parametrize(
    "words",
    [
        ["b1; reboot"],
        ["-oProxyCommand=x"],
        ["b1", "--name", "B 1"],
        ["b1", "--ssh", "--ssh-user", "$(id)"],
        ["b1", "--san", "a,DNS:evil"],
        ["b1", "--allow-namespaces", "a b"],
        ["b1", "--endpoint", "unix:///a b"],
        ["b1", "--endpoint", "tcp://b1"],
        ["b1", "--ssh", "--local"],
    ],
)
def test_what_no_script_should_hold_is_wrong_usage(words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["host", "bootstrap", *words], prog_name=PROGRAM)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output


def test_a_checkout_that_is_not_installed_prints_scripts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def none(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", none)
    assert "containerjob of today" in bootstraps.tls(MACHINE)


def test_a_mistake_names_the_option() -> None:
    with pytest.raises(click.UsageError, match="--name 'B'"):
        Machine("b1", "B")

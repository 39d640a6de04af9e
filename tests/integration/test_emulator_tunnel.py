"""The emulator's tunnel: Google's own host names lead to it, and to nobody else."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gapps_hooks.emulator import Certificate, Emulator, RunningServer, new_key, serve
from gapps_hooks.emulator.certificates import write_certificate

GOOGLE = "admin.googleapis.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("tls")
    pair = Certificate(certificate=folder / "google.pem", private_key=folder / "google.key")
    write_certificate(pair.certificate, pair.private_key, "127.0.0.1")
    return pair


@pytest.fixture
def server(certificate: Certificate) -> Iterator[RunningServer]:
    with serve(Emulator(account_key=new_key("7" * 40)), tls=certificate) as it:
        yield it


def through(
    server: RunningServer, certificate: Path, host: str, port: int = 443
) -> http.client.HTTPSConnection:
    assert server.tunnel_url
    proxy = urlsplit(server.tunnel_url)
    trust = ssl.create_default_context(cafile=str(certificate))
    # what Python 3.13 does by itself
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    connection = http.client.HTTPSConnection(
        str(proxy.hostname), proxy.port, context=trust, timeout=20
    )
    connection.set_tunnel(host, port)
    return connection


def test_googles_host_names_lead_to_the_emulator(
    server: RunningServer, certificate: Certificate
) -> None:
    connection = through(server, certificate.certificate, GOOGLE)
    connection.request("GET", "/admin/directory/v1/users/alice@example.org")
    answer = connection.getresponse()
    assert answer.status == 401
    assert json.loads(answer.read())["error"]["message"] == "Login Required"
    connection.close()


def test_the_emulators_own_address_leads_there_too(
    server: RunningServer, certificate: Certificate
) -> None:
    own = urlsplit(server.url)
    connection = through(server, certificate.certificate, str(own.hostname), int(own.port or 0))
    connection.request("GET", "/nothing")
    assert connection.getresponse().status == 404
    connection.close()


@pytest.mark.parametrize(
    "target",
    ["www.example.org:443", "googleapis.com.example.org:443", f"{GOOGLE}:80", "googleapis.com"],
)
def test_nothing_else_is_reached(server: RunningServer, target: str) -> None:
    assert b" 403 " in spoken(server, f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize("line", ["GET http://www.example.org/ HTTP/1.1", "CONNECT", ""])
def test_it_is_no_proxy_of_another_kind(server: RunningServer, line: str) -> None:
    assert b" 403 " in spoken(server, f"{line}\r\n\r\n")


def test_there_is_no_tunnel_without_tls() -> None:
    with serve(Emulator(account_key=new_key("7" * 40))) as plain:
        assert plain.tunnel_url is None


def test_stopping_ends_what_goes_through_it(certificate: Certificate) -> None:
    with serve(Emulator(account_key=new_key("7" * 40)), tls=certificate) as server:
        silent, opened = dialled(server), dialled(server)
        opened.sendall(f"CONNECT {GOOGLE}:443 HTTP/1.1\r\n\r\n".encode())
        assert b" 200 " in opened.recv(100)
    with silent, opened:
        assert (silent.recv(1), opened.recv(1)) == (b"", b"")


def dialled(server: RunningServer) -> socket.socket:
    assert server.tunnel_url
    proxy = urlsplit(server.tunnel_url)
    return socket.create_connection((str(proxy.hostname), int(proxy.port or 0)), timeout=20)


def spoken(server: RunningServer, head: str) -> bytes:
    with dialled(server) as line:
        line.sendall(head.encode())
        return line.makefile("rb").read()

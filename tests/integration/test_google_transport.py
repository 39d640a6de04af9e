"""Specifies the connection to Google against real sockets on this machine, with and without TLS."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gapps_hooks.errors import Passing, Unreachable
from gapps_hooks.google.transport import MOST_GLANCES, Transport, http_factory, verdict_of

Handler = Callable[[socket.socket, bytes], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """A server that gives one scripted reaction to each request, over all its connections."""

    def __init__(self, *handlers: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._handlers = list(handlers)
        self._tls = tls
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/x"

    def close(self) -> None:
        # Closing alone would leave the thread in accept(), on a number that is given out again.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()

    def hang_up(self) -> None:
        """End all connections, as Google does with those that nobody uses."""
        for connection in self._open:
            connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            self._open.append(connection)
            with connection:
                while request := _read(connection):
                    self.requests.append(request)
                    self._handlers.pop(0)(connection, request)
        except OSError:
            plain.close()


def _read(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(65536)
        if not data:
            return b""
        request += data
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(OK)


def answer_and_close(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(OK)
    connection.shutdown(socket.SHUT_RDWR)


def hang_up(connection: socket.socket, _request: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, _request: bytes) -> None:
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def hang(_connection: socket.socket, _request: bytes) -> None:
    time.sleep(1.0)


def break_off(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{")
    connection.shutdown(socket.SHUT_RDWR)


def mumble(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def redirect(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(
        b"HTTP/1.1 308 Elsewhere\r\nLocation: http://127.0.0.1:9/steal\r\nContent-Length: 0\r\n\r\n"
    )


def tunnel(connection: socket.socket, request: bytes) -> None:
    host, _, port = request.split(b" ")[1].partition(b":")
    with socket.create_connection((host.decode(), int(port))) as target:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=_pump, args=(target, connection), daemon=True).start()
        _pump(connection, target)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(*handlers: Handler, tls: ssl.SSLContext | None = None) -> Peer:
        peers.append(Peer(*handlers, tls=tls))
        return peers[-1]

    yield start
    for each in peers:
        each.close()


@pytest.fixture
def transport() -> Iterator[Callable[..., Transport]]:
    made: list[Transport] = []

    def make(
        ca_bundle: Path | None = None, timeout: float = 5.0, proxy: str | None = None
    ) -> Transport:
        made.append(http_factory(timeout=timeout, ca_bundle=ca_bundle, proxy=proxy)())
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A private certificate authority's file, and the server side of 127.0.0.1 that it vouches."""
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Private CA")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    bundle = folder / "ca.pem"
    bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = folder / "key.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(bundle, key_file)
    return bundle, server


def fault_of(call: Callable[[], object]) -> Passing | Unreachable:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, it is judged below
        call()
    fault = verdict_of(caught.value)
    assert isinstance(fault, Passing | Unreachable)
    return fault


def test_a_connection_is_used_again(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    google, http = peer(answer, answer), transport()
    http.request(google.url)
    http.request(google.url)

    assert google.connections == 1


def test_a_connection_that_ended_while_idle_is_replaced_before_anything_is_sent(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    google, http = peer(answer_and_close, answer), transport()
    http.request(google.url, "POST", "{}")
    time.sleep(0.05)
    response, content = http.request(google.url, "POST", "{}")

    assert (response.status, content) == (200, b"ok")
    assert google.connections == 2


@pytest.mark.parametrize("ending", [hang_up, reset, break_off, mumble])
def test_a_broken_answer_is_passing_and_the_request_went_out_once(
    peer: Callable[..., Peer], transport: Callable[..., Transport], ending: Handler
) -> None:
    google, http = peer(ending, answer), transport()

    assert isinstance(fault_of(lambda: http.request(google.url, "POST", "{}")), Passing)
    assert len(google.requests) == 1


def test_after_a_broken_answer_the_same_object_works_again(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    google, http = peer(break_off, answer), transport()
    fault_of(lambda: http.request(google.url, "POST", "{}"))

    assert http.request(google.url, "POST", "{}")[1] == b"ok"


def test_no_answer_in_time_is_passing_because_it_may_have_been_done(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    google, http = peer(hang), transport(timeout=0.1)

    assert "may have been done" in str(fault_of(lambda: http.request(google.url, "POST", "{}")))


def test_a_timeout_that_was_changed_holds_for_the_open_connection(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    google, http = peer(answer, hang), transport(timeout=30.0)
    http.request(google.url)
    http.timeout = 0.1
    started = time.monotonic()

    assert isinstance(fault_of(lambda: http.request(google.url)), Passing)
    assert time.monotonic() - started < 0.9


def test_a_refused_connection_is_unreachable(transport: Callable[..., Transport]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    fault = fault_of(lambda: transport().request(f"http://127.0.0.1:{port}/"))

    assert isinstance(fault, Unreachable)
    assert f"127.0.0.1:{port}" in str(fault)


def test_a_connection_that_does_not_come_about_in_time_is_unreachable(
    transport: Callable[..., Transport],
) -> None:
    # The queue of a listener that accepts nobody fills up, and then connecting just takes long.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(("127.0.0.1", port))
        fault = fault_of(lambda: transport(timeout=0.2).request(f"http://127.0.0.1:{port}/"))
        for each in waiting:
            each.close()

    assert isinstance(fault, Unreachable)
    assert "no answer in time" in str(fault)


def test_a_name_that_cannot_be_looked_up_is_unreachable(
    transport: Callable[..., Transport],
) -> None:
    fault = fault_of(lambda: transport().request("http://admin.googleapis.invalid/"))

    assert isinstance(fault, Unreachable)
    assert "DNS" in str(fault)


def test_a_redirect_is_not_followed_so_that_nothing_leaves_for_another_host(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    response, _ = transport().request(peer(redirect).url, "POST", "{}")

    assert response.status == 308


def test_a_private_authority_is_trusted_when_the_settings_name_it(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    authority: tuple[Path, ssl.SSLContext],
) -> None:
    bundle, server = authority
    google, http = peer(answer, answer, tls=server), transport(ca_bundle=bundle)

    assert [http.request(google.url)[1] for _ in range(2)] == [b"ok", b"ok"]
    assert google.connections == 1


def test_a_certificate_that_nobody_vouches_for_is_unreachable_with_the_remedy(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    authority: tuple[Path, ssl.SSLContext],
) -> None:
    google = peer(answer, tls=authority[1])
    fault = fault_of(lambda: transport().request(google.url))

    assert isinstance(fault, Unreachable)
    assert "google.ca_bundle" in str(fault)
    assert google.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_cannot_be_used_is_named(
    transport: Callable[..., Transport], tmp_path: Path, content: str | None
) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    fault = fault_of(lambda: transport(ca_bundle=bundle).request("https://127.0.0.1:1/"))

    assert isinstance(fault, Unreachable)
    assert str(bundle) in str(fault)


def test_https_proxy_is_used_and_sees_nothing_of_the_request(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    authority: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    google, proxy = peer(answer, tls=authority[1]), peer(tunnel)
    monkeypatch.setenv("https_proxy", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "")
    body = transport(ca_bundle=authority[0]).request(google.url, "POST", "secret")[1]

    assert body == b"ok"
    assert proxy.requests[0].startswith(f"CONNECT 127.0.0.1:{google.port} ".encode())
    assert base64.b64encode(b"user:p@ss") in proxy.requests[0]
    assert b"secret" not in b"".join(proxy.requests)


def test_the_settings_proxy_needs_no_environment(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    authority: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    google, proxy = peer(answer, tls=authority[1]), peer(tunnel)
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.setenv("no_proxy", "")
    through = transport(ca_bundle=authority[0], proxy=f"http://127.0.0.1:{proxy.port}")

    assert through.request(google.url)[1] == b"ok"
    assert proxy.connections == 1


def test_no_proxy_is_honoured(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    authority: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    google, proxy = peer(answer, tls=authority[1]), peer(tunnel)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    transport(ca_bundle=authority[0]).request(google.url)

    assert proxy.connections == 0


def test_a_proxy_that_refuses_is_unreachable_and_its_password_is_not_shown(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        connection.shutdown(socket.SHUT_RDWR)

    proxy = peer(refuse)
    monkeypatch.setenv("https_proxy", f"http://user:hidden@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "")
    fault = fault_of(lambda: transport().request("https://admin.googleapis.com/"))

    assert isinstance(fault, Unreachable)
    assert "407" in str(fault)
    assert "hidden" not in str(fault)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "https://127.0.0.1:3128"])
def test_a_proxy_of_another_kind_is_refused_by_name(
    transport: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    fault = fault_of(lambda: transport().request("https://admin.googleapis.com/"))

    assert isinstance(fault, Unreachable)
    assert "HTTPS_PROXY" in str(fault)


# --- kept warm -----------------------------------------------------------------------------------


def test_a_warm_connection_was_opened_without_a_request_and_takes_the_first_one(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    authority: tuple[Path, ssl.SSLContext],
) -> None:
    bundle, tls = authority
    google, http = peer(answer, tls=tls), transport(ca_bundle=bundle)
    http.warm(google.url)
    http.warm(google.url)
    assert (google.connections, google.requests) == (1, [])

    http.request(google.url, "POST", "{}")
    assert google.connections == 1


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_warm_connection_that_ended_unused_is_replaced_before_anything_is_sent(
    peer: Callable[..., Peer],
    transport: Callable[..., Transport],
    authority: tuple[Path, ssl.SSLContext],
    encrypted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    bundle, tls = authority
    google = peer(answer, tls=tls if encrypted else None)
    http = transport(ca_bundle=bundle)
    http.warm(google.url)
    time.sleep(0.05)
    google.hang_up()
    time.sleep(0.05)
    response, _ = http.request(google.url, "POST", "{}")

    assert response.status == 200
    assert (google.connections, len(google.requests)) == (2, 1)


def test_warming_replaces_a_connection_that_ended(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    google, http = peer(answer_and_close, answer), transport()
    http.request(google.url)
    time.sleep(0.05)
    http.warm(google.url)
    time.sleep(0.05)
    assert google.connections == 2

    http.request(google.url)
    assert google.connections == 2


def test_a_connection_that_rests_for_long_is_replaced_before_a_router_forgets_it(
    peer: Callable[..., Peer], transport: Callable[..., Transport]
) -> None:
    google, http = peer(answer), transport()
    http.warm(google.url)
    for _ in range(MOST_GLANCES - 1):
        http.warm(google.url)
    time.sleep(0.05)
    assert google.connections == 1
    http.request(google.url)
    for _ in range(MOST_GLANCES):
        http.warm(google.url)
    time.sleep(0.05)

    assert google.connections == 2

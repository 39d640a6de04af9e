"""The emulator as a program: controls, TLS, files, and a clean end."""

from __future__ import annotations

import http.client as http_client
import json
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httplib2
import pytest
from emulator_client import Door, body
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped] # it has no types

from gapps_hooks.emulator import (
    Certificate,
    Emulator,
    RunningServer,
    ServiceAccountKey,
    new_key,
    run,
    serve,
)
from gapps_hooks.emulator.certificates import write_certificate
from gapps_hooks.emulator.running import CannotStart
from gapps_hooks.settings import load_settings


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("5" * 40)


@pytest.fixture
def http() -> Iterator[httplib2.Http]:
    it = httplib2.Http()
    yield it
    it.close()


@pytest.fixture
def server(key: ServiceAccountKey) -> Iterator[RunningServer]:
    with serve(Emulator(account_key=key)) as it:
        yield it


def send(
    http: httplib2.Http,
    server: RunningServer,
    line: str,
    content: Any = None,  # noqa: ANN401 - any JSON value
) -> tuple[int, Any]:
    method, path = line.split(" ")
    text = None if content is None else json.dumps(content)
    response, raw = http.request(server.control_url + path, method, body=text)
    return response.status, json.loads(raw) if raw else None


def test_a_test_in_another_process_can_do_everything(
    http: httplib2.Http, server: RunningServer
) -> None:
    users = Door(server.emulator, lambda: http, server.url).directory().users()
    seed = {"users": [{"primaryEmail": "bob@example.org"}],
            "groups": [{"email": "team@example.org", "members": ["bob@example.org"]}]}  # fmt: skip
    assert send(http, server, "POST /seed", seed) == (204, None)
    assert users.get(userKey="bob@example.org").execute()

    assert send(http, server, "PATCH /switches", {"creation_window": 40})[0] == 204
    assert send(http, server, "GET /switches")[1]["creation_window"] == 40
    users.insert(body=body("alice")).execute()
    before = send(http, server, "GET /clock")[1]["now"]
    send(http, server, "POST /clock", {"advance": 40})
    assert send(http, server, "GET /clock")[1]["now"] >= before + 40
    users.patch(userKey="alice@example.org", body={"suspended": True}).execute()

    line = {"fails": "503", "call": "users.get", "nth": 2}
    assert send(http, server, "POST /faults", {"fault": [line]})[0] == 204
    [waiting] = send(http, server, "GET /faults")[1]["fault"]
    assert waiting.items() >= line.items()
    assert send(http, server, "DELETE /faults")[0] == 204
    assert send(http, server, "GET /faults")[1] == {"fault": []}

    password = send(http, server, "GET /password?address=alice@example.org")[1]
    assert password == {"hashFunction": None, "password": "correct horse"}
    send(http, server, "POST /suspend", {"address": "bob@example.org", "reason": "ABUSE"})
    held = send(http, server, "GET /state")[1]
    reasons = {user["primaryEmail"]: user.get("suspensionReason") for user in held["users"]}
    assert reasons["bob@example.org"] == "ABUSE"

    log = send(http, server, "GET /requests")[1]
    assert log["counts"] == {"token": 1, "users.get": 1, "users.insert": 1, "users.patch": 1}
    assert [entry["call"] for entry in log["requests"]][:2] == ["token", "users.get"]
    assert send(http, server, "DELETE /requests")[0] == 204

    assert send(http, server, "POST /reset")[0] == 204
    held = send(http, server, "GET /state")[1]
    assert [user["primaryEmail"] for user in held["users"]] == ["admin@example.org"]
    assert held["groups"] == []


@pytest.mark.parametrize(
    ("line", "content", "sentence"),
    [
        ("PATCH /switches", {"shoes": 1}, "no such switch: shoes"),
        ("POST /faults", {"fault": [{"fails": "sneeze"}]}, "'sneeze' is no fault"),
        ("POST /seed", {"users": [{"primaryEmail": "a@b.example"}]}, "Domain not found."),
        ("POST /clock", [], "the body is a JSON object"),
        ("POST /clock", {"advance": "60"}, "advance = '60': give seconds from 0"),
        ("POST /clock", {"forward": 60}, "advance = None"),
        ("POST /suspend", {"address": "nobody@example.org"}, "nobody has the address nobody@"),
        ("POST /suspend", {"adress": "bob@example.org"}, "no such name: adress; give address"),
        ("POST /suspend", {"address": "bob@example.org", "reason": ""}, "reason = '': give a text"),
        ("POST /consent", {}, "address = None: give a text"),
        ("POST /seed", {"people": "5"}, "people = '5': give a whole number from 0"),
        ("POST /seed", {"groups": 2}, "need people: say how many"),
        ("POST /seed", {"user": []}, "a seed has no 'user'; it may have"),
        ("POST /faults", {"faults": []}, "a list with the one name fault"),
        ("POST /faults", {"fault": {"fails": "503"}}, "a list with the one name fault"),
        ("POST /faults", {"fault": ["503"]}, "'503' is no fault; one is such as"),
        ("POST /faults", {"fault": [{"fails": "503", "nth": "2"}]}, "nth = '2': give a whole"),
        (
            "POST /faults",
            {"fault": [{"fails": "503", "call": "users.gett"}]},
            "call = 'users.gett'",
        ),
        ("PATCH /switches", {"creation_window": "40"}, "creation_window = '40': give a number"),
    ],
)
def test_a_wrong_control_is_answered_with_a_sentence(
    http: httplib2.Http, server: RunningServer, line: str, content: object, sentence: str
) -> None:
    status, answer = send(http, server, line, content)
    assert status == 400
    assert sentence in answer["error"]


def test_a_state_can_be_seeded_and_a_key_be_revoked(
    http: httplib2.Http, server: RunningServer
) -> None:
    state = send(http, server, "GET /state")[1]
    assert send(http, server, "POST /seed", state) == (204, None)
    door = Door(server.emulator, lambda: http, server.url)
    get = {"userKey": "admin@example.org"}
    assert door.directory().users().get(**get).execute()
    assert send(http, server, "POST /revoke-key") == (204, None)
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        door.directory().users().get(**get).execute()
    send(http, server, "POST /reset")
    users = door.directory().users()
    assert users.get(**get).execute()
    assert send(http, server, "POST /revoke-tokens") == (204, None)
    assert users.get(**get).execute()
    assert send(http, server, "GET /requests")[1]["counts"]["token"] == 2


def test_controls_and_api_are_on_ports_of_their_own(
    http: httplib2.Http, server: RunningServer
) -> None:
    for path in ("/state", "/password", "/requests"):
        assert http.request(server.url + path)[0].status == 404
    assert http.request(f"{server.control_url}/admin/directory/v1/users")[0].status == 404


def test_stopping_frees_the_port_at_once_even_while_somebody_hangs(
    key: ServiceAccountKey, http: httplib2.Http
) -> None:
    emulator = Emulator(account_key=key)
    emulator.faults.script([{"fails": "hang", "seconds": 600.0}])
    server = serve(emulator)
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as waiting:
        waiting.sendall(b"GET /admin/directory/v1/users/a HTTP/1.1\r\nHost: x\r\n\r\n")
        while emulator.faults.waiting():
            pass
        server.stop()
    with serve(emulator, port=port) as again:
        assert http.request(f"{again.url}/admin/directory/v1/users/a")[0].status == 401


def test_a_taken_port_is_an_error_and_leaves_nothing_running(key: ServiceAccountKey) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(Emulator(account_key=key), control_port=taken.getsockname()[1])


def test_https_is_trusted_by_the_certificates_file(key: ServiceAccountKey, tmp_path: Path) -> None:
    pem = tmp_path / "emulator.pem"
    private = tmp_path / "emulator.key"
    write_certificate(pem, private, "127.0.0.1")
    emulator = Emulator(account_key=key)
    tls = Certificate(certificate=pem, private_key=private)
    with serve(emulator, tls=tls) as server:
        assert server.url.startswith("https://")
        http = httplib2.Http(ca_certs=str(pem))
        door = Door(emulator, lambda: http, server.url)
        door.directory().users().insert(body=body("alice")).execute()
        assert emulator.password_of("alice@example.org") == (None, "correct horse")
        http.close()


class Program:
    """The emulator in a process of its own."""

    def __init__(self, folder: Path, options: str = "") -> None:
        script = (
            "from pathlib import Path; from gapps_hooks.emulator import run; "
            f"run(port=0, control_port=0, tunnel_port=0, key_file=Path('key.json'), "
            f"say=lambda text: print(text, flush=True), {options})"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(self.process.stdout.readline())
            assert lines[-1], self.process.communicate()[1]
        self.said = "".join(lines)

    def url(self) -> str:
        found = re.search(r'api_endpoint = "(.*)"', self.said)
        assert found
        return found[1]

    def stop(self, number: signal.Signals) -> tuple[str, str, int]:
        self.process.send_signal(number)
        out, complaints = self.process.communicate(timeout=20)
        return out, complaints, self.process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_what_to_set_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = Program(tmp_path)
    assert f'credentials = "{tmp_path}/key.json"' in program.said
    assert 'admin = "admin@example.org"' in program.said
    content = json.loads((tmp_path / "key.json").read_text())
    assert content["token_uri"] == f"{program.url()}/token"
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    assert program.stop(number) == ("The emulator has stopped.\n", "", 0)


def test_a_second_signal_does_not_cost_the_state(tmp_path: Path) -> None:
    program = Program(tmp_path, "state_file=Path('state.json')")
    program.process.send_signal(signal.SIGINT)
    assert program.stop(signal.SIGTERM) == ("The emulator has stopped.\n", "", 0)
    assert (tmp_path / "state.json").exists()


def test_the_program_keeps_its_key_and_its_state_but_no_password(
    tmp_path: Path, http: httplib2.Http
) -> None:
    seed = {"users": [{"primaryEmail": "bob@example.org"}]}
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    (tmp_path / "faults.toml").write_text('[[fault]]\nfails = "503"\ncall = "users.get"\n')
    options = "state_file=Path('state.json'), seed_file=Path('seed.json'), delegated=True"
    first = Program(tmp_path, options)
    content = json.loads((tmp_path / "key.json").read_text())
    door = Door(Emulator(), lambda: http, first.url())
    bob = door.directory(key=content).users().get(userKey="bob@example.org").execute()
    door.directory(key=content).users().insert(body=body("alice")).execute()
    assert first.stop(signal.SIGTERM)[2] == 0
    assert "correct horse" not in (tmp_path / "state.json").read_text()

    again = Program(tmp_path, f"{options}, faults_file=Path('faults.toml'), tls=Path('tls.pem')")
    kept = json.loads((tmp_path / "key.json").read_text())
    assert kept["private_key"] == content["private_key"]
    assert f'ca_bundle = "{tmp_path}/tls.pem"' in again.said
    trusting = httplib2.Http(ca_certs=str(tmp_path / "tls.pem"))
    users = Door(Emulator(), lambda: trusting, again.url()).directory(key=kept).users()
    response = users.get(userKey="bob@example.org").execute(num_retries=2)
    assert response["id"] == bob["id"]
    admin = users.get(userKey="admin@example.org").execute()
    assert (admin["isAdmin"], admin["isDelegatedAdmin"]) == (False, True)
    trusting.close()
    assert again.stop(signal.SIGTERM)[2] == 0


def test_the_program_makes_up_people_and_writes_a_consent(
    tmp_path: Path, http: httplib2.Http
) -> None:
    options = "people=30, groups=2, locales='de_DE,ja_JP', consent_file=Path('consent.json')"
    program = Program(tmp_path, options)
    consent = json.loads((tmp_path / "consent.json").read_text())
    assert consent["token_uri"] == f"{program.url()}/token"
    assert stat.S_IMODE((tmp_path / "consent.json").stat().st_mode) == 0o600
    del consent["type"]
    person = Credentials(None, **consent)  # type: ignore[no-untyped-call] # it has no types
    uri = f"{program.url()}/admin/directory/v1/users?customer=my_customer"
    _, content = AuthorizedHttp(person, http=http).request(uri)
    assert len(json.loads(content)["users"]) == 31
    assert program.stop(signal.SIGTERM)[2] == 0

    again = Program(tmp_path, options)
    kept = json.loads((tmp_path / "consent.json").read_text())
    assert kept["refresh_token"] == consent["refresh_token"]
    assert again.stop(signal.SIGTERM)[2] == 0


def test_people_are_made_up_over_the_controls_too(
    http: httplib2.Http, server: RunningServer
) -> None:
    assert send(http, server, "POST /seed", {"people": 5, "groups": 1})[0] == 204
    held = send(http, server, "GET /state")[1]
    assert (len(held["users"]), len(held["groups"])) == (6, 1)
    status, answer = send(http, server, "POST /seed", {"people": 1, "locales": ["xx_YY"]})
    assert (status, "xx_YY" in answer["error"]) == (400, True)


def test_many_clients_keep_their_connections(server: RunningServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    clients = [http_client.HTTPConnection(host, int(port)) for _ in range(24)]
    for _ in range(2):
        for client in clients:
            client.request("GET", "/admin/directory/v1/users/a")
            answer = client.getresponse()
            answer.read()
            assert (answer.status, answer.will_close) == (401, False)
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"domain": "no domain"}, "'no domain' is no domain"),
        ({"admin": "root@example.net"}, "'root@example.net' is no address in example.org"),
        ({"admin": "a b<@example.org"}, "the administrator 'a b<@example.org' cannot be one"),
        ({"admin": "abuse@example.org"}, "the administrator 'abuse@example.org' cannot be one"),
        ({"people": -3}, "people = -3: give a whole number from 0"),
        ({"groups": 3}, "groups = 3: made-up groups are of made-up people"),
        ({"seed_file": Path("misspelt")}, "the seed file misspelt cannot be used: a seed has no"),
        ({"faults_file": Path("plural.toml")}, "a list with the one name fault"),
        ({"seed_file": Path("bad")}, "the seed file bad"),
        ({"seed_file": Path("incomplete")}, "the seed file incomplete"),
        ({"faults_file": Path("bad")}, "the faults file bad"),
        ({"state_file": Path("bad")}, "the state file bad"),
        ({"key_file": Path("bad")}, "the key file bad"),
        ({"port": 99999}, "port 99999"),
    ],
)
def test_what_cannot_be_started_with_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad").write_text("[")
    Path("incomplete").write_text('{"users": [{}]}')
    Path("misspelt").write_text('{"usres": []}')
    Path("plural.toml").write_text('[[faults]]\nfails = "503"\n')
    with pytest.raises(CannotStart, match=re.escape(named)):
        run(**{"port": 0, "control_port": 0, **options})


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port}: .*in use.*another --"):
            run(port=0, control_port=port, key_file=tmp_path / "key.json")


def test_the_administrator_is_of_the_domain_and_the_settings_load_as_they_are(
    tmp_path: Path,
) -> None:
    program = Program(tmp_path, "domain='acme.org'")
    block = [line[4:] for line in program.said.splitlines() if line.startswith("    ")]
    (tmp_path / "settings.toml").write_text("\n".join(block))
    (tmp_path / "settings.toml").chmod(0o600)
    settings = load_settings(tmp_path / "settings.toml")
    assert settings.admin == "admin@acme.org"
    assert settings.source.type == "none"
    assert settings.enabled.all
    assert program.stop(signal.SIGTERM)[2] == 0

"""What is wrongly typed, malformed or nonsense is refused in Google's words, and breaks nothing."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from emulator_client import DIRECTORY, Door, body, in_process, refusal

from gapps_hooks.emulator import Emulator, ServiceAccountKey, new_key

ROOT = "https://admin.googleapis.com"
D = f"{ROOT}/admin/directory/v1"
ALICE, TEAM = "alice@example.org", "team@example.org"
SCOPES = (*DIRECTORY, "admin.directory.userschema", "apps.groups.settings")


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("8" * 40)


@pytest.fixture
def door(key: ServiceAccountKey) -> Door:
    emulator = Emulator(account_key=key)
    emulator.seed({"users": [{"primaryEmail": ALICE}], "groups": [{"email": TEAM}]})
    return in_process(emulator)


def send(
    door: Door,
    line: str,
    content: object = None,
    **headers: str,
) -> tuple[Any, bytes]:
    method, _, path = line.partition(" ")
    url = path if path.startswith("https:") else D + path
    sent = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    response, answer = door.http(scopes=SCOPES).request(
        url, method, body=None if content is None else sent, headers=named
    )
    return response, answer


def told(door: Door, line: str, content: object = None, **headers: str) -> tuple[int, str, str]:
    _, answer = send(door, line, content, **headers)
    error = json.loads(answer)["error"]
    return error["code"], error["errors"][0]["reason"], error["message"]


SETTINGS = f"PATCH https://www.googleapis.com/groups/v1/groups/{TEAM}?alt=json"
FIELDS = [{"fieldName": "a", "fieldType": ["STRING"]}]


@pytest.mark.parametrize(
    ("line", "content", "message"),
    [
        (f"POST /groups/{TEAM}/members", {"email": ALICE, "role": ["OWNER"]},
         "Invalid Input: role"),
        ("POST /users", body("bob", hashFunction=["a"]), "Invalid Input: hashFunction"),
        ("POST /users", body("bob", suspended="no"), "Invalid Input: suspended"),
        ("POST /users", body("bob", customSchemas=["a"]), "Invalid Input: customSchemas"),
        (SETTINGS, {"whoCanJoin": []}, "Invalid Input: whoCanJoin"),
        (SETTINGS, {"name": "x" * 76}, "Invalid Input: name"),
        (SETTINGS, {"description": "x" * 4097}, "Invalid Input: description"),
        ("POST /customer/my_customer/schemas", {"schemaName": "A", "fields": FIELDS},
         "Invalid Input: fields.fieldType"),
        (f"PATCH /groups/{TEAM}", {"externalIds": "x"}, "Invalid Input: externalIds"),
        ("GET /users?customer=my_customer&maxResults=%C2%B2", None, "Invalid Input: maxResults"),
        ("GET /users?customer=my_customer&projection=whole", None, "Invalid Input: projection"),
        ("GET /users?customer=my_customer&orderBy=age", None, "Invalid Input: orderBy"),
        ("GET /users?customer=my_customer&sortOrder=UP", None, "Invalid Input: sortOrder"),
        (f"GET /users/{ALICE}?viewType=mine", None, "Invalid Input: viewType"),
        (f"GET /groups/{TEAM}/members?roles=CHIEF", None, "Invalid Input: roles"),
        ("GET /users?customer=my_customer&pageToken=WyJhIiwiYiIsImMiXQ==", None,
         "Invalid Input: pageToken"),
        ("GET /users?customer=my_customer&pageToken=WzEsMiwzXQ==", None,
         "Invalid Input: pageToken"),
        ("GET /users?customer=my_customer&pageToken=%C3%A9", None, "Invalid Input: pageToken"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_its_name(
    door: Door, line: str, content: object, message: str
) -> None:
    before = door.emulator.state()
    assert told(door, line, content) == (400, "invalid", message)
    assert door.emulator.state() == before


def test_null_clears_a_groups_name_in_either_api(door: Door) -> None:
    _, answer = send(door, SETTINGS, {"name": None, "description": None})
    assert (json.loads(answer)["name"], json.loads(answer)["description"]) == ("", "")


def test_what_an_address_cannot_be_for_a_user_it_can_be_for_a_group(door: Door) -> None:
    api = door.directory()
    made = api.groups().insert(body={"email": "abuse@example.org"}).execute()
    assert made["email"] == "abuse@example.org"
    alias = {"alias": "postmaster@example.org"}
    assert api.groups().aliases().insert(groupKey=TEAM, body=alias).execute()
    refused = refusal(api.users().aliases().insert(userKey=ALICE, body=alias))
    assert refused == (400, "invalid", "Invalid Input: alias")


def test_a_defect_of_the_emulators_own_is_told_and_answered_as_googles(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    deep = b'{"name": ' + b"[" * 200_000
    with caplog.at_level(logging.ERROR):
        assert told(door, "POST /users", deep)[:2] == (500, "backendError")
    [line] = caplog.messages
    assert line.startswith("POST /admin/directory/v1/users: RecursionError at ")


# --- transport ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["customer=my_customer&query=é".encode(), b"customer=\xff"])
def test_an_overridden_method_takes_a_form_of_any_bytes(door: Door, form: bytes) -> None:
    response, _ = send(door, "POST /users", form, X_HTTP_Method_Override="GET",
                       Content_Type="application/x-www-form-urlencoded")  # fmt: skip
    assert 400 <= response.status < 500


@pytest.mark.parametrize(
    ("content_type", "parts"),
    [
        ("application/json", b"{}"),
        ("multipart/mixed; boundary=b",
         b"--b\r\nContent-Type: application/http\r\n\r\nnonsense\r\n--b--"),
        ("multipart/mixed; boundary=b",
         b"--b\r\nContent-Type: application/http\r\n\r\nGET \xc3\xa9 x\r\n--b--"),
        ("multipart/mixed", b"--b--"),
        ("multipart/mixed; boundary=b",
         b"--b\r\nContent-Type: application/http\r\n\r\nPOST /batch HTTP/1.1\r\n\r\n--b--"),
    ],
)  # fmt: skip
def test_a_batch_that_is_none_is_refused_as_a_whole(
    door: Door, content_type: str, parts: bytes
) -> None:
    refused = told(door, f"POST {ROOT}/batch", parts, Content_Type=content_type)
    assert refused[:2] == (400, "badRequest")


def test_another_http_method_than_the_documents_is_told(door: Door) -> None:
    refused = told(door, "DELETE /users")
    assert refused == (405, "httpMethodNotAllowed", "HTTP Method Not Allowed")


def test_an_empty_answer_has_no_type(door: Door) -> None:
    response, answer = send(door, f"DELETE /users/{ALICE}")
    assert (response.status, answer, "content-type" in response) == (204, b"", False)


@pytest.mark.parametrize(
    ("accepts", "agent", "compressed"),
    [
        ("gzip, deflate", "x (gzip)", True),
        ("gzip, deflate", "x", False),
        ("gzip;q=0", "x (gzip)", False),
        ("deflate", "x (gzip)", False),
    ],
)
def test_an_answer_is_compressed_when_both_headers_ask_for_it(
    door: Door, accepts: str, agent: str, *, compressed: bool
) -> None:
    response, _ = send(door, f"GET /users/{ALICE}", Accept_Encoding=accepts, User_Agent=agent)
    assert (response.get("-content-encoding") == "gzip") is compressed


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
@pytest.mark.parametrize("mask", ["", "?fields=id"])
def test_a_known_resource_is_not_sent_again_whatever_is_asked_of_it(
    door: Door, form: str, mask: str
) -> None:
    response, _ = send(door, f"GET /users/{ALICE}{mask}")
    known = form.format(response["etag"])
    assert send(door, f"GET /users/{ALICE}{mask}", If_None_Match=known)[0].status == 304
    other = send(door, f"GET /users/{ALICE}{mask}", If_None_Match='"another"')
    assert other[0].status == 200


def test_an_empty_mask_spares_the_answer_to_a_write(door: Door) -> None:
    response, answer = send(door, f"PATCH /users/{ALICE}?fields=", {"suspended": True})
    assert (response.status, json.loads(answer)) == (200, {})
    response, answer = send(door, f"GET /users/{ALICE}?fields=")
    assert json.loads(answer)["suspended"] is True


def test_a_password_is_no_secret_of_its_spelling(door: Door) -> None:
    send(door, "POST /users", body("bob", Password="correct horse", PASSWORD="correct horse"))
    assert "correct horse" not in repr(list(door.emulator.requests))


def test_who_names_somebody_else_uses_up_nobodys_quota(door: Door) -> None:
    door.emulator.switches.requests_per_minute = 1
    users = door.directory().users()
    assert users.get(userKey=ALICE, quotaUser="admin@example.org").execute()
    assert users.get(userKey=ALICE).execute()


# --- rights and switches --------------------------------------------------------------------------


def test_a_delegated_administrator_restores_no_super_administrator(key: ServiceAccountKey) -> None:
    emulator = Emulator(account_key=key, delegated_admins=("helper@example.org",))
    gone = {"primaryEmail": "boss@example.org", "id": "42", "isAdmin": True}
    emulator.seed({"deletedUsers": [gone]})
    door = in_process(emulator)
    restore = {"userKey": "42", "body": {"orgUnitPath": "/"}}
    refused = refusal(door.directory(subject="helper@example.org").users().undelete(**restore))
    assert refused[:2] == (403, "forbidden")
    assert door.directory().users().undelete(**restore).execute() == ""


def test_a_put_without_a_name_passes_unless_it_is_to_be_refused(door: Door) -> None:
    put = door.directory().users().update(userKey=ALICE, body={"suspended": True})
    assert put.execute()["suspended"]
    door.emulator.switches.update_needs_name = True
    expected = (400, "required", "Required parameter: [resource.name.field]")
    assert refusal(put) == expected
    door.directory().users().update(userKey=ALICE, body=body("alice")).execute()


@pytest.mark.parametrize("shown", [True, False])
def test_the_answer_to_an_insert_is_as_either_report_has_it(door: Door, *, shown: bool) -> None:
    assert door.emulator.switches.insert_shows_ip_whitelisted
    door.emulator.switches.insert_shows_ip_whitelisted = shown
    made = door.directory().users().insert(body=body("bob")).execute()
    assert ("ipWhitelisted" in made) is shown


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"creation_window": "40"}, "creation_window = '40': give a number from 0"),
        ({"creation_window": -1}, "creation_window = -1: give a number from 0"),
        ({"creation_window": True}, "give a number"),
        ({"creation_window": float("nan")}, "give a number"),
        ({"token_error": "nonsense"}, "token_error = 'nonsense': there are '', 'admin_policy"),
        ({"cycle_status": 999}, "cycle_status = 999: there are 412, 400"),
        ({"requests_reason": "bla"}, "requests_reason = 'bla': there are 'rateLimitExceeded'"),
        ({"disabled_apis": "admin"}, "disabled_apis = 'admin': give a list of texts"),
        ({"disabled_apis": ["directory"]}, "there are 'admin', 'groupssettings', 'licensing'"),
        ({"held": "alice@*"}, r"held = 'alice@\*': give a list of texts"),
        ({"paid": 1}, "paid = 1: give true or false"),
        ({"seats": 1.5}, "seats = 1.5: give a whole number from 0, or null"),
        ({"licence_seats": {"a": "b"}}, "give whole numbers by name"),
        ({"shoes": 1}, "no such switch: shoes; there are: account_per_second"),
    ],
)
def test_a_switch_takes_only_what_it_can_be(
    door: Door, values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        door.emulator.switches.set({"latency": 5.0, **values})
    assert door.emulator.switches.latency == 0.0


@pytest.mark.parametrize(
    ("fails", "expected"),
    [
        ("401", (401, "invalid_client")),
        ("403", (403, "access_denied")),
        ("404", (404, "invalid_request")),
        ("429", (429, "rate_limit_exceeded")),
        ("500", (500, "internal_failure")),
        ("503", (503, "internal_failure")),
    ],
)
def test_the_token_endpoint_fails_in_its_own_form(
    door: Door, fails: str, expected: tuple[int, str]
) -> None:
    door.emulator.faults.script([{"fails": fails, "call": "token"}])
    response, content = door.emulator.transport().request(f"{ROOT}/token", "POST", body="")
    said = json.loads(content)
    assert (response.status, said["error"]) == expected
    assert isinstance(said["error_description"], str)


@pytest.mark.parametrize("lasting", [True, False])
def test_a_reset_takes_consents_back_but_for_the_lasting(door: Door, *, lasting: bool) -> None:
    consent = door.emulator.consent("admin@example.org", lasting=lasting)
    door.emulator.reset()
    form = "&".join(f"{name}={text}" for name, text in consent.items() if name != "type")
    response, _ = door.emulator.transport().request(
        f"{ROOT}/token", "POST", body=f"grant_type=refresh_token&{form}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert response.status == (200 if lasting else 400)

"""Google's own Python client works against the emulator, in-process and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httplib2
import pytest
from emulator_client import Door, body, refusal
from googleapiclient.errors import HttpError

from gapps_hooks.emulator import Emulator, RunningServer, ServiceAccountKey, new_key, serve


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("1" * 40)


@pytest.fixture(scope="module")
def server(key: ServiceAccountKey) -> Iterator[RunningServer]:
    with serve(Emulator(account_key=key, delegated_admins=("helper@example.org",))) as it:
        yield it


@pytest.fixture(params=["in-process", "over HTTP"])
def door(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[Door]:
    server.emulator.reset()
    http = httplib2.Http()
    in_process = request.param == "in-process"
    yield Door(
        server.emulator,
        server.emulator.transport if in_process else (lambda: http),
        None if in_process else server.url,
    )
    http.close()


def test_a_person_lives_from_insert_to_undelete(door: Door) -> None:
    users = door.directory().users()
    alice = users.insert(body=body("alice")).execute()
    assert users.get(userKey="ALICE@example.org").execute()["id"] == alice["id"]
    renamed = users.patch(
        userKey=alice["id"], body={"primaryEmail": "alicia@example.org", "suspended": True}
    ).execute()
    assert renamed["aliases"] == ["alice@example.org"]
    assert renamed["suspensionReason"] == "ADMIN"
    users.aliases().insert(userKey=alice["id"], body={"alias": "al@example.org"}).execute()
    users.aliases().delete(userKey=alice["id"], alias="alice@example.org").execute()
    shown = users.aliases().list(userKey=alice["id"]).execute()
    assert [entry["alias"] for entry in shown["aliases"]] == ["al@example.org"]
    assert users.delete(userKey=alice["id"]).execute() == ""
    deleted = users.list(customer="my_customer", showDeleted="true").execute()["users"]
    assert [entry["id"] for entry in deleted] == [alice["id"]]
    users.undelete(userKey=alice["id"], body={"orgUnitPath": "/"}).execute()
    assert users.get(userKey="al@example.org").execute()["suspended"]


def test_a_group_lives_with_its_members_and_settings(door: Door) -> None:
    api = door.directory()
    api.users().insert(body=body("alice")).execute()
    team = api.groups().insert(body={"email": "team@example.org", "name": "Team"}).execute()
    members = api.members()
    members.insert(groupKey=team["id"], body={"email": "alice@example.org"}).execute()
    members.insert(groupKey=team["id"], body={"email": "x@gmail.example"}).execute()
    members.patch(
        groupKey=team["id"], memberKey="alice@example.org", body={"role": "OWNER"}
    ).execute()
    owners = members.list(groupKey=team["id"], roles="OWNER").execute()["members"]
    assert [entry["email"] for entry in owners] == ["alice@example.org"]
    asked = members.hasMember(groupKey=team["id"], memberKey="alice@example.org").execute()
    assert asked == {"isMember": True}
    members.delete(groupKey=team["id"], memberKey="x@gmail.example").execute()
    groups = door.settings().groups()
    changed = groups.patch(
        groupUniqueId="team@example.org", body={"whoCanPostMessage": "ALL_IN_DOMAIN_CAN_POST"}
    ).execute()
    assert changed["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"
    assert groups.get(groupUniqueId="team@example.org").execute() == changed
    assert api.groups().get(groupKey=team["id"]).execute()["directMembersCount"] == "1"
    api.groups().delete(groupKey="team@example.org").execute()
    assert "groups" not in api.groups().list(customer="my_customer").execute()


def test_the_organisation_can_be_looked_at(door: Door) -> None:
    api = door.directory()
    customer = api.customers().get(customerKey="my_customer").execute()
    assert customer["customerDomain"] == "example.org"
    domains = api.domains().list(customer=customer["id"]).execute()["domains"]
    assert [(entry["domainName"], entry["isPrimary"]) for entry in domains] == [
        ("example.org", True)
    ]
    units = api.orgunits()
    assert "organizationUnits" not in units.list(customerId="my_customer").execute()
    units.insert(customerId="my_customer", body={"name": "Staff"}).execute()
    inner = {"name": "Two words", "parentOrgUnitPath": "/Staff"}
    units.insert(customerId="my_customer", body=inner).execute()
    found = units.get(customerId="my_customer", orgUnitPath="Staff/Two words").execute()
    assert found["parentOrgUnitPath"] == "/Staff"
    children = units.list(customerId="my_customer", type="children").execute()
    assert [unit["orgUnitPath"] for unit in children["organizationUnits"]] == ["/Staff"]
    everything = units.list(customerId="my_customer", type="all").execute()
    assert len(everything["organizationUnits"]) == 2
    known = api.users().insert(body=body("alice", orgUnitPath="/Staff/Two words")).execute()
    assert known["orgUnitPath"] == "/Staff/Two words"


def test_pages_are_walked_with_list_next(door: Door) -> None:
    door.emulator.seed({"users": [{"primaryEmail": f"u{n}@example.org"} for n in range(7)]})
    users = door.directory().users()
    request, found = users.list(customer="my_customer", maxResults=4), []
    while request is not None:
        answer = request.execute()
        found += [entry["primaryEmail"] for entry in answer["users"]]
        request = users.list_next(request, answer)
    assert found == sorted(found)
    assert len(found) == 9


def test_a_mask_is_honoured_and_a_wrong_one_refused_before_anything_is_done(door: Door) -> None:
    users = door.directory().users()
    mask = "users(primaryEmail,name/givenName)"
    answer = users.list(customer="my_customer", maxResults=1, fields=mask).execute()
    assert answer == {"users": [{"primaryEmail": "admin@example.org",
                                 "name": {"givenName": "admin"}}]}  # fmt: skip
    wrong = users.insert(body=body("alice"), fields="id,shoeSize")
    assert refusal(wrong) == (400, "invalid", "Invalid field selection shoeSize")
    assert refusal(users.get(userKey="alice@example.org"))[0] == 404


@pytest.mark.parametrize("name", ["o'brien", "under_score", "a-b.c"])
def test_keys_may_hold_whatever_an_address_may(door: Door, name: str) -> None:
    users = door.directory().users()
    known = users.insert(body=body(name)).execute()
    assert users.get(userKey=known["primaryEmail"]).execute()["id"] == known["id"]


def test_a_path_is_split_before_it_is_decoded(door: Door) -> None:
    api = door.directory()
    team = api.groups().insert(body={"email": "team@example.org"}).execute()
    odd = "a/b+c%2F@x.example"
    added = api.members().insert(groupKey=team["id"], body={"email": odd}).execute()
    found = api.members().get(groupKey=team["id"], memberKey=odd).execute()
    assert found["id"] == added["id"]
    assert list(door.emulator.requests)[-1].path.endswith(quote(odd, safe="") + "?alt=json")


def test_a_resource_that_the_client_knows_is_not_sent_again(door: Door) -> None:
    users = door.directory().users()
    request = users.get(userKey="admin@example.org")
    request.headers["If-None-Match"] = request.execute()["etag"]
    with pytest.raises(HttpError) as caught:
        request.execute()
    assert caught.value.status_code == 304
    door.directory().users().patch(
        userKey="admin@example.org", body={"recoveryEmail": "a@b.example"}
    ).execute()
    assert request.execute()["recoveryEmail"] == "a@b.example"


def test_a_very_long_get_arrives_as_an_overridden_post(door: Door) -> None:
    door.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    query = " ".join(["email=alice@example.org"] * 100)
    answer = door.directory().users().list(customer="my_customer", query=query).execute()
    assert [entry["primaryEmail"] for entry in answer["users"]] == ["alice@example.org"]
    assert list(door.emulator.requests)[-1].call == "users.list"


def test_a_batch_answers_every_call_and_shuffles_them(door: Door) -> None:
    api = door.directory()
    # The client signs a batch in past the given transport, unless it has a token already.
    assert "groups" not in api.groups().list(customer="my_customer").execute()
    names = [f"u{number:02}" for number in range(30)]
    answered: dict[str, Any] = {}
    batch = api.new_batch_http_request(
        callback=lambda key, answer, _: answered.update({key: answer})
    )
    for name in names:
        batch.add(api.users().insert(body=body(name)), request_id=name)
    batch.add(api.users().get(userKey="nobody@example.org"), request_id="nobody")
    batch.execute()
    assert answered.pop("nobody") is None
    assert {key: answer["primaryEmail"] for key, answer in answered.items()} == {
        name: f"{name}@example.org" for name in names
    }
    inserts = [entry for entry in door.emulator.requests if entry.call == "users.insert"]
    order = [entry.body["primaryEmail"] for entry in inserts]
    assert sorted(order) == [f"{name}@example.org" for name in names] != order


def test_answers_carry_googles_headers_and_are_compressed_on_request(door: Door) -> None:
    response, content = door.http().request(
        f"{door.url or 'https://admin.googleapis.com'}/admin/directory/v1/users/admin@example.org"
    )
    assert response["content-type"] == "application/json; charset=UTF-8"
    assert response["server"] == "ESF"
    assert response["vary"].replace(" ", "") == "Origin,X-Origin,Referer"
    assert response["x-content-type-options"] == "nosniff"
    assert response["-content-encoding"] == "gzip"
    assert response["etag"] == json.loads(content)["etag"]


def test_the_request_log_shows_the_kind_of_a_hash_and_no_password(door: Door) -> None:
    users = door.directory().users()
    digest = "a" * 40
    known = users.insert(body=body("alice", password=digest, hashFunction="SHA-1")).execute()
    users.patch(userKey=known["id"], body={"password": "another horse"}).execute()
    logged = list(door.emulator.requests)
    assert [entry.call for entry in logged] == ["token", "users.insert", "users.patch"]
    assert logged[1].body["password"] == "(SHA-1)"
    assert logged[2].body["password"] == "(clear text)"
    assert logged[2].subject == "admin@example.org"
    text = repr(logged) + json.dumps(door.emulator.state()) + json.dumps(known)
    assert digest not in text
    assert "horse" not in text
    assert door.emulator.password_of("alice@example.org") == (None, "another horse")


def test_a_delegated_administrator_is_refused_changes_to_a_super_administrator(
    door: Door,
) -> None:
    users = door.directory(subject="helper@example.org").users()
    users.insert(body=body("alice")).execute()
    request = users.patch(userKey="admin@example.org", body={"suspended": True})
    expected = (403, "forbidden", "Not Authorized to access this resource/api")
    assert refusal(request) == expected
    admin = {"status": True}
    assert refusal(users.makeAdmin(userKey="alice@example.org", body=admin)) == expected
    door.directory().users().makeAdmin(userKey="alice@example.org", body=admin).execute()
    found = users.list(customer="my_customer", query="isAdmin=true").execute()["users"]
    assert len(found) == 2
    users.signOut(userKey="helper@example.org").execute()


def test_days_can_pass_for_the_organisation_while_clients_stay_signed_in(door: Door) -> None:
    users = door.directory().users()
    alice = users.insert(body=body("alice")).execute()
    users.delete(userKey=alice["id"]).execute()
    door.emulator.advance(20 * 86400)
    request = users.undelete(userKey=alice["id"], body={"orgUnitPath": "/"})
    assert refusal(request)[:2] == (412, "conditionNotMet")
    assert door.directory().users().get(userKey="admin@example.org").execute()

"""The emulated surface is what Google's discovery documents name, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from emulator_client import DIRECTORY, PREFIX, Door, body, in_process, refusal
from googleapiclient.discovery import (  # type: ignore[attr-defined] # missing in its stubs
    build_from_document,
)

from gapps_hooks.emulator import Emulator, ServiceAccountKey, new_key
from gapps_hooks.emulator.discovery import Method, document_names, document_of, methods
from gapps_hooks.emulator.routes.table import HANDLERS

Json = dict[str, Any]
#: Whole parts of the APIs that docs/emulator.md leaves out, by the beginning of the method's name.
OUTSIDE = (
    "asps.", "channels.", "chromeosdevices.", "customer.devices.", "customers.chrome.",
    "mobiledevices.", "privileges.", "resources.", "roleAssignments.", "roles.", "tokens.",
    "twoStepVerification.", "users.photos.", "verificationCodes.",
)  # fmt: skip
#: Single methods that it leaves out.
LEFT_OUT = {
    "customers.patch", "customers.update", "domains.delete", "domains.insert",
    "users.aliases.watch", "users.createGuest", "users.watch",
}  # fmt: skip
TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict}


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("5" * 40)


@pytest.fixture
def door(key: ServiceAccountKey) -> Door:
    return in_process(Emulator(account_key=key))


def test_every_method_in_scope_is_answered_and_no_other() -> None:
    named = {method.name for method in methods()}
    outside = {name for name in named if name.startswith(OUTSIDE)}
    assert HANDLERS.keys() == named - outside - LEFT_OUT
    assert named >= LEFT_OUT


def test_what_is_left_out_is_told() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "emulator.md").read_text("utf-8")
    for name in (*(part.rstrip(".") for part in OUTSIDE), *LEFT_OUT):
        assert f"`{name}`" in page, f"docs/emulator.md does not say why {name} is left out"


def test_every_path_and_http_method_is_the_documents(door: Door) -> None:
    rules = {
        (rule.endpoint, http_method)
        for rule in door.emulator.application.url_map.iter_rules()
        for http_method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    wanted = {(it.name, it.http_method) for it in methods() if it.name in HANDLERS}
    own = {pair for pair in rules if pair[0].startswith("/")}
    assert rules - own == wanted
    for rule in door.emulator.application.url_map.iter_rules():
        if (method := _method(rule.endpoint)) is not None:
            assert re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule) == method.path.replace("{+", "{")


def _method(name: str) -> Method | None:
    return next((method for method in methods() if method.name == name), None)


# --- every answer has the fields of its schema, in their types ---------------------------------


def complaints(value: object, schema: Mapping[str, Any], schemas: Json, at: str) -> Iterator[str]:
    """Tell where a JSON value is not what a schema of a discovery document says."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kind = schema.get("type", "any")
    if kind == "array":
        entries = value if isinstance(value, list) else [None]
        for entry in entries:
            yield from complaints(entry, schema["items"], schemas, f"{at}[]")
    elif kind in TYPES and not isinstance(value, TYPES[kind]):  # type: ignore[arg-type]  # types
        yield f"{at} is no {kind}: {value!r}"
    elif kind == "object" and isinstance(value, dict):
        for name, inner in value.items():
            own = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if own is None:
                yield f"{at}.{name} is not in the document"
            else:
                yield from complaints(inner, own, schemas, f"{at}.{name}")


class Walk:
    """Calls the APIs and notes which methods were answered."""

    def __init__(self, door: Door) -> None:
        self.called: set[str] = set()
        self._door = door
        scopes = (*DIRECTORY, "admin.directory.userschema", "admin.directory.domain")
        http = door.http(scopes=(*scopes, "apps.groups.settings", "apps.licensing"))
        self.apis = {
            name: build_from_document(document_of(name), http=http) for name in document_names()
        }
        self.directory = self.apis["admin.directory_v1"]

    def __call__(self, request: Any) -> Json:  # noqa: ANN401 - a request made at run time
        answer = request.execute()
        entry = list(self._door.emulator.requests)[-1]
        self.called.add(entry.call)
        method = _method(entry.call)
        assert method is not None
        if method.answer is None:
            assert answer in ("", None)
            return {}
        schemas = method.api.schemas
        found = list(complaints(answer, {"$ref": method.answer}, dict(schemas), entry.call))
        assert found == []
        return dict(answer)


def test_every_method_answers_what_its_document_says(door: Door) -> None:
    walk = Walk(door)
    for part in (_organisation, _users, _groups, _licences, _endings):
        part(walk)
    assert walk.called == HANDLERS.keys()


CUSTOMER = {"customerId": "my_customer"}
ALICE = "alice@example.org"
TEAM = "team@example.org"
FIELD = {"fieldName": "level", "fieldType": "INT64", "displayName": "Level"}


def _organisation(walk: Walk) -> None:
    api = walk.directory
    walk(api.customers().get(customerKey="my_customer"))
    aliases = api.domainAliases()
    alias = {"domainAliasName": "example.com", "parentDomainName": "example.org"}
    walk(aliases.insert(customer="my_customer", body=alias))
    walk(aliases.list(customer="my_customer"))
    walk(aliases.get(customer="my_customer", domainAliasName="example.com"))
    walk(api.domains().list(customer="my_customer"))
    walk(api.domains().get(customer="my_customer", domainName="example.org"))
    units = api.orgunits()
    walk(units.insert(**CUSTOMER, body={"name": "Sales", "parentOrgUnitPath": "/"}))
    walk(units.list(**CUSTOMER, type="all"))
    walk(units.get(**CUSTOMER, orgUnitPath="Sales"))
    walk(units.patch(**CUSTOMER, orgUnitPath="Sales", body={"description": "sell"}))
    walk(units.update(**CUSTOMER, orgUnitPath="Sales", body={"name": "Trade"}))
    schemas = api.schemas()
    walk(schemas.insert(**CUSTOMER, body={"schemaName": "Skills", "fields": [FIELD]}))
    walk(schemas.list(**CUSTOMER))
    walk(schemas.get(**CUSTOMER, schemaKey="Skills"))
    walk(schemas.patch(**CUSTOMER, schemaKey="Skills", body={"displayName": "What they can"}))
    walk(schemas.update(**CUSTOMER, schemaKey="Skills", body={"fields": [FIELD]}))


def _users(walk: Walk) -> None:
    users = walk.directory.users()
    more = {"orgUnitPath": "/Trade", "customSchemas": {"Skills": {"level": "3"}},
            "phones": [{"value": "1", "type": "work"}]}  # fmt: skip
    known = walk(users.insert(body=body("alice", **more)))
    walk(users.get(userKey=ALICE, projection="full"))
    walk(users.get(userKey=ALICE, viewType="domain_public"))
    walk(users.list(customer="my_customer", projection="full"))
    walk(users.patch(userKey=ALICE, body={"suspended": True, "archived": True}))
    walk(users.update(userKey=ALICE, body=body("alice", suspended=False, archived=False)))
    walk(users.makeAdmin(userKey=ALICE, body={"status": True}))
    walk(users.signOut(userKey=ALICE))
    walk(users.aliases().insert(userKey=ALICE, body={"alias": "al@example.org"}))
    walk(users.aliases().list(userKey=ALICE))
    walk(users.aliases().delete(userKey=ALICE, alias="al@example.org"))
    walk(users.delete(userKey=ALICE))
    walk(users.list(customer="my_customer", showDeleted="true"))
    walk(users.undelete(userKey=known["id"], body={"orgUnitPath": "/"}))


def _groups(walk: Walk) -> None:
    groups, members = walk.directory.groups(), walk.directory.members()
    walk(groups.insert(body={"email": TEAM, "externalIds": [{"namespace": "a", "id": "1"}]}))
    walk(groups.get(groupKey=TEAM))
    walk(groups.patch(groupKey=TEAM, body={"name": "Team"}))
    walk(groups.update(groupKey=TEAM, body={"description": "ours"}))
    walk(groups.list(customer="my_customer", orderBy="email"))
    walk(groups.aliases().insert(groupKey=TEAM, body={"alias": "crew@example.org"}))
    walk(groups.aliases().list(groupKey=TEAM))
    walk(groups.aliases().delete(groupKey=TEAM, alias="crew@example.org"))
    member = {"groupKey": TEAM, "memberKey": ALICE}
    walk(members.insert(groupKey=TEAM, body={"email": ALICE, "delivery_settings": "DIGEST"}))
    walk(members.get(**member))
    walk(members.patch(**member, body={"role": "MANAGER"}))
    walk(members.update(**member, body={"role": "MEMBER"}))
    walk(members.hasMember(**member))
    walk(members.list(groupKey=TEAM, includeDerivedMembership=True))
    settings = walk.apis["groupssettings.v1"].groups()
    walk(settings.get(groupUniqueId=TEAM))
    walk(settings.patch(groupUniqueId=TEAM, body={"allowExternalMembers": "true"}))
    walk(settings.update(groupUniqueId=TEAM, body={"description": "ours"}))


def _licences(walk: Walk) -> None:
    licences = walk.apis["licensing.v1"].licenseAssignments()
    seat = {"productId": "Google-Apps", "skuId": "1010020027"}
    held = {**seat, "userId": ALICE}
    walk(licences.insert(**seat, body={"userId": ALICE}))
    walk(licences.get(**held))
    walk(licences.listForProduct(productId="Google-Apps", customerId="example.org"))
    walk(licences.listForProductAndSku(**seat, customerId="example.org"))
    walk(licences.update(**held, body={**seat, "userId": ALICE}))
    walk(licences.patch(**held, body={"skuId": "1010020020"}))
    walk(licences.delete(**held | {"skuId": "1010020020"}))


def _endings(walk: Walk) -> None:
    api = walk.directory
    walk(api.members().delete(groupKey=TEAM, memberKey=ALICE))
    walk(api.groups().delete(groupKey=TEAM))
    walk(api.schemas().delete(**CUSTOMER, schemaKey="Skills"))
    walk(api.orgunits().delete(**CUSTOMER, orgUnitPath="Trade"))
    walk(api.domainAliases().delete(customer="my_customer", domainAliasName="example.com"))


# --- what all methods share -----------------------------------------------------------------------


def raw(door: Door, query: str, **sent: Any) -> tuple[Any, str]:  # noqa: ANN401 - httplib2's
    url = f"https://admin.googleapis.com/admin/directory/v1/users/admin@example.org?{query}"
    response, content = door.http().request(url, **sent)
    return response, content.decode()


def test_an_answer_is_indented_unless_that_is_not_wanted(door: Door) -> None:
    assert raw(door, "")[1].startswith('{\n  "kind"')
    assert "\n  " in raw(door, "prettyPrint=true")[1]
    assert "\n" not in raw(door, "prettyPrint=false")[1]


@pytest.mark.parametrize("alt", ["media", "proto", "atom"])
def test_no_other_form_than_json_is_answered(door: Door, alt: str) -> None:
    response, content = raw(door, f"alt={alt}")
    assert (response.status, "Invalid Input: alt" in content) == (400, True)


def test_a_body_that_is_no_object_is_refused(door: Door) -> None:
    response, content = raw(door, "", method="PATCH", body="[1]")
    assert (response.status, "Invalid Input: resource" in content) == (400, True)


def test_requests_are_counted_for_the_user_that_they_name(door: Door) -> None:
    door.emulator.switches.requests_per_minute = 1
    users = door.directory().users()
    admin = {"userKey": "admin@example.org"}
    assert users.get(**admin, quotaUser="one").execute()
    assert refusal(users.get(**admin, quotaUser="one"))[1] == "rateLimitExceeded"
    assert users.get(**admin, quotaUser="two").execute()


@pytest.mark.parametrize(
    ("switch", "call", "expected"),
    [
        (
            {"requests_per_minute": 1, "requests_status": 429},
            lambda api: api.users().get(userKey="admin@example.org"),
            (429, "rateLimitExceeded"),
        ),
        (
            {"account_per_second": 1},
            lambda api: api.users().get(userKey="admin@example.org"),
            (429, "rateLimitExceeded"),
        ),
        (
            {"org_units_per_second": 1},
            lambda api: api.orgunits().patch(**CUSTOMER, orgUnitPath="/", body={}),
            (403, "quotaExceeded"),
        ),
    ],
)
def test_what_comes_too_fast_is_refused(
    door: Door, switch: Json, call: Callable[[Any], Any], expected: tuple[int, str]
) -> None:
    door.emulator.switches.set(switch)
    api = door.directory()
    call(api).execute()
    assert refusal(call(api))[:2] == expected


def test_the_scope_prefix_is_googles() -> None:
    assert all(scope.startswith(PREFIX) for it in methods() for scope in it.scopes)

"""The day, played by aiogoogle. Argument: key file; its proxy comes from the environment."""

import asyncio
import json
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from aiogoogle import Aiogoogle, HTTPError  # type: ignore[import-not-found] # in its own place
from aiogoogle.auth.creds import ServiceAccountCreds  # type: ignore[import-not-found] # the same

#: What is made at run time, from the discovery document.
Made = Any

PREFIX = "https://www.googleapis.com/auth/admin.directory."


def person(name: str, family: str) -> dict[str, Any]:
    return {
        "primaryEmail": f"{name}@example.org",
        "name": {"givenName": name, "familyName": family},
        "password": "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "hashFunction": "SHA-1",
    }


async def refusal(call: Awaitable[Any]) -> list[Any] | None:
    try:
        await call
    except HTTPError as refused:
        error = refused.res.content["error"]
        reason = error["errors"][0]["reason"]
        return [refused.res.status_code, error["code"], error["message"], reason]
    return None


async def people(google: Made, call: Made, told: dict[str, Any]) -> None:
    users = google.users
    created = await call(users.insert(json=person("o'neil_x", "Liddell")))
    key = "O'Neil_x@example.org"
    changed = {"name": {"familyName": "Hargreaves"}, "phones": [{"type": "work", "value": "+44"}]}
    await call(users.update(userKey=key, json=changed))
    moved = {"suspended": True, "primaryEmail": "alice@example.org"}
    await call(users.patch(userKey=created["id"], json=moved))
    renamed = await call(users.get(userKey=key, projection="full"))
    told["renamed"] = [renamed["primaryEmail"], renamed["aliases"], renamed["name"]["familyName"]]
    told["phones"] = renamed["phones"]
    told["suspended"] = [renamed["suspended"], renamed["suspensionReason"]]
    for name in ("bob", "carol"):
        await call(users.insert(json=person(name, "Smith")))
    told["taken"] = await refusal(call(users.insert(json=person("bob", "Smith"))))
    told["unknown"] = await refusal(call(users.get(userKey="nobody@example.org")))


async def group(google: Made, call: Made, told: dict[str, Any]) -> None:
    members, key = google.members, "staff@example.org"
    await call(google.groups.insert(json={"email": key, "name": "Staff"}))
    for email, role in (
        ("bob@example.org", "MEMBER"),
        ("carol@example.org", "OWNER"),
        ("x@example.com", "MEMBER"),
    ):
        await call(members.insert(groupKey=key, json={"email": email, "role": role}))
    await call(members.delete(groupKey=key, memberKey="bob@example.org"))
    left = await call(members.list(groupKey=key))
    told["members"] = [[member["email"], member["role"]] for member in left["members"]]
    asked = await call(members.hasMember(groupKey=key, memberKey="carol@example.org"))
    told["carol_is_member"] = asked["isMember"]


async def play(key: dict[str, Any]) -> dict[str, Any]:
    scopes = [PREFIX + "user", PREFIX + "group"]
    credentials = ServiceAccountCreds(scopes=scopes, subject="admin@example.org", **key)
    told: dict[str, Any] = {}
    async with Aiogoogle(service_account_creds=credentials) as aiogoogle:
        google, call = (
            await aiogoogle.discover("admin", "directory_v1"),
            aiogoogle.as_service_account,
        )
        users = google.users
        await people(google, call, told)
        pages = await call(users.list(customer="my_customer", maxResults=3), full_res=True)
        told["pages"] = [[user["primaryEmail"] for user in page["users"]] async for page in pages]
        await group(google, call, told)
        await call(users.delete(userKey="carol@example.org"))
        gone = (await call(users.list(customer="my_customer", showDeleted="true")))["users"]
        told["deleted"] = [user["primaryEmail"] for user in gone]
        await call(users.undelete(userKey=gone[0]["id"], json={"orgUnitPath": "/"}))
        told["restored"] = (await call(users.get(userKey=gone[0]["id"])))["primaryEmail"]
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(play(json.loads(Path(sys.argv[1]).read_text())))))

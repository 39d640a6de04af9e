"""The rules of licences: who has a seat of which product.

It must not know HTTP, nor what a licence is good for.
"""

from __future__ import annotations

from collections.abc import Iterator

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.addresses import normal
from gapps_hooks.emulator.state.lists import Wish, behind
from gapps_hooks.emulator.state.organisation import check_customer
from gapps_hooks.emulator.state.pages import page
from gapps_hooks.emulator.state.records import Json
from gapps_hooks.emulator.state.users import find
from gapps_hooks.emulator.state.workspace import Workspace

#: A seat: product and SKU.
Seat = tuple[str, str]


def insert(workspace: Workspace, product: str, sku: str, body: Json) -> Json:
    """Give a user a licence; 412 when it has that one, or when no seat is free."""
    if not body.get("userId"):
        raise api_errors.required("Required: userId")
    user = find(workspace, str(body["userId"]))
    if (product, sku) in workspace.licences.get(user.id, ()):
        raise api_errors.condition_not_met(
            "User already has a license for the specified product and SKU"
        )
    _check_free(workspace, (product, sku))
    workspace.licences.setdefault(user.id, []).append((product, sku))
    return _shown(workspace, user.id, (product, sku))


def has(workspace: Workspace, product: str, sku: str, user_key: str) -> bool:
    """Tell whether a user has a licence."""
    return (product, sku) in workspace.licences.get(find(workspace, user_key).id, ())


def get(workspace: Workspace, product: str, sku: str, user_key: str) -> Json:
    """Return a user's licence; 404 when there is none."""
    return _shown(workspace, _holder(workspace, product, sku, user_key), (product, sku))


def reassign(workspace: Workspace, product: str, sku: str, user_key: str, body: Json) -> Json:
    """Give a user another SKU of the product in the place of this one."""
    holder = _holder(workspace, product, sku, user_key)
    new = (str(body.get("productId") or product), str(body.get("skuId") or sku))
    held = workspace.licences[holder]
    if new not in held:
        _check_free(workspace, new)
        held[held.index((product, sku))] = new
    return _shown(workspace, holder, new)


def delete(workspace: Workspace, product: str, sku: str, user_key: str) -> Json:
    """Take a licence away; the answer is an empty object."""
    holder = _holder(workspace, product, sku, user_key)
    workspace.licences[holder].remove((product, sku))
    return {}


def listed(workspace: Workspace, product: str, sku: str, wish: Wish) -> Json:
    """Return the licences of a product (and SKU, unless ""), 100 to 1,000 on a page."""
    if not wish.get("customerId"):
        raise api_errors.required("Required parameter: [customerId]")
    check_customer(workspace, wish.get("customerId"))
    walk = wish.walk(f"licences {product} {sku}", workspace.now(), usual=100, most=1000)
    places = sorted(_places(workspace, product, sku))
    result = page(
        walk,
        lambda start: behind(places, start),
        lambda place: _shown(workspace, place[1].split()[0], (product, place[1].split()[1])),
    )
    shown: Json = {"kind": "licensing#licenseAssignmentList"}
    if result.entries:
        shown["items"] = result.entries
    if result.next_token:
        shown["nextPageToken"] = result.next_token
    return shown | {"etag": workspace.ids.etag(shown)}


def _places(workspace: Workspace, product: str, sku: str) -> Iterator[tuple[str, str]]:
    for holder, seats in workspace.licences.items():
        for its_product, its_sku in seats:
            if its_product == product and sku in {"", its_sku}:
                yield workspace.users[holder].address, f"{holder} {its_sku}"


def _holder(workspace: Workspace, product: str, sku: str, user_key: str) -> str:
    user = find(workspace, normal(user_key))
    if (product, sku) not in workspace.licences.get(user.id, ()):
        message = "User does not have a license for specified sku and product"
        raise api_errors.ApiError(status=404, reason="notFound", message=message)
    return user.id


def _check_free(workspace: Workspace, seat: Seat) -> None:
    most = workspace.switches.licence_seats.get(seat[1])
    taken = sum(seat in seats for seats in workspace.licences.values())
    if most is not None and taken >= most:
        raise api_errors.condition_not_met(
            "There aren't enough available licenses for the specified product-SKU pair"
        )


def _shown(workspace: Workspace, holder: str, seat: Seat) -> Json:
    product, sku = seat
    address = workspace.users[holder].address
    root = "https://licensing.googleapis.com/apps/licensing/v1"
    shown = {
        "kind": "licensing#licenseAssignment",
        "selfLink": f"{root}/product/{product}/sku/{sku}/user/{address}",
        "userId": address,
        "productId": product,
        "skuId": sku,
        "productName": product,
        "skuName": sku,
    }
    return shown | {"etags": workspace.ids.etag(shown)}

"""The errors of Google's APIs: status, reason and message are decided in this file alone.

It must not know HTTP frameworks or who raises what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class ApiError(Exception):
    """An answer of a Google API other than done, in the words of its error envelope."""

    status: int
    reason: str
    message: str
    #: ``errors[0].domain``: ``global``, or ``usageLimits`` for quotas and switched-off APIs.
    domain: str = "global"
    #: Further keys of ``errors[0]``: ``location``, ``locationType``, ``extendedHelp``.
    where: Mapping[str, str] = field(default_factory=dict)
    #: Further keys of ``error``, as Google's front end adds them: ``status``, ``details``.
    front_end: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    #: ``errors[0].message`` where it is not the message.
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}"

    def envelope(self) -> dict[str, Any]:
        """Return the JSON body, its keys in the order in which Google sends them today."""
        entry = {
            "message": self.detail or self.message,
            "domain": self.domain,
            "reason": self.reason,
        }
        entry.update(self.where)
        error = {"code": self.status, "message": self.message, "errors": [entry]}
        return {"error": error | dict(self.front_end)}


def invalid(message: str) -> ApiError:
    """400: a value that the API does not take."""
    return ApiError(status=400, reason="invalid", message=message)


def invalid_input(what: str) -> ApiError:
    """400: ``Invalid Input: `` and the name of the field, or the value itself."""
    return invalid(f"Invalid Input: {what}")


def required(message: str) -> ApiError:
    """400: something is missing."""
    return ApiError(status=400, reason="required", message=message)


def bad_request(message: str = "Bad Request") -> ApiError:
    """400: the parameters do not go together."""
    return ApiError(status=400, reason="badRequest", message=message)


def forbidden() -> ApiError:
    """403: no right to it, or the key lies in a domain that the customer does not own."""
    message = "Not Authorized to access this resource/api"
    return ApiError(status=403, reason="forbidden", message=message)


def not_found(what: str = "") -> ApiError:
    """404: ``Resource Not Found: `` and the parameter's name, or the id that was given."""
    message = f"Resource Not Found: {what}" if what else "Resource Not Found"
    return ApiError(status=404, reason="notFound", message=message)


def domain_not_found(*, old: bool = False) -> ApiError:
    """404: a new address lies in a domain that the customer does not own; ``old`` words or new."""
    if old:
        return not_found("domain")
    return ApiError(status=404, reason="notFound", message="Domain not found.")


def foreign_domain(status: int, *, old: bool) -> ApiError:
    """404 or 403, as reports differ: a new address lies in a domain that is not the customer's."""
    return forbidden() if status == forbidden().status else domain_not_found(old=old)


def deleted_user(status: int) -> ApiError:
    """412, 400 or 404, as reports differ: the id is that of a user in the bin."""
    known = (condition_not_met("User is deleted."), bad_request("Type not supported: userKey"))
    return next((error for error in known if error.status == status), not_found("userKey"))


def undelegated(status: int) -> ApiError:
    """403 or 503, as reports differ: a service account with neither subject nor role."""
    return unavailable() if status == unavailable().status else forbidden()


def creations_too_fast(status: int) -> ApiError:
    """403 or 503, as reports differ: users are created faster than Google allows."""
    return unavailable() if status == unavailable().status else too_fast()


def duplicate(message: str = "Entity already exists.") -> ApiError:
    """409: the address or membership is there already."""
    return ApiError(status=409, reason="duplicate", message=message)


def conflict() -> ApiError:
    """409: two changes of one object met."""
    message = "Conflicting requests. Please try again"
    return ApiError(status=409, reason="conflict", message=message)


def condition_not_met(message: str, status: int = 412) -> ApiError:
    """412: the object is not in a state in which this can be done."""
    return ApiError(status=status, reason="conditionNotMet", message=message)


def creation_not_complete() -> ApiError:
    """412: the user was created moments ago."""
    return condition_not_met("User creation is not complete.")


def limit_exceeded(*, paid: bool = True) -> ApiError:
    """412: no seat is free."""
    remedy = "Contact Support." if paid else "Start paid subscription."
    return ApiError(
        status=412,
        reason="limitExceeded",
        message=f"Domain user limit reached. {remedy}",
        where={"location": "If-Match", "locationType": "header"},
    )


def cannot_unsuspend() -> ApiError:
    """412: Google itself suspended the user, an administrator cannot lift that."""
    message = "Cannot restore a user suspended for abuse."
    return ApiError(status=412, reason="adminCannotUnsuspend", message=message)


def login_required() -> ApiError:
    """401: no token was sent."""
    where = {"locationType": "header", "location": "Authorization"}
    return ApiError(status=401, reason="required", message="Login Required", where=where)


def invalid_credentials(*, old: bool = False) -> ApiError:
    """401: the token is unknown, expired or revoked; ``old`` is how it was said before 2020."""
    new = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    return ApiError(
        status=401,
        reason="authError",
        message="Invalid Credentials" if old else new,
        detail="Invalid Credentials",
        front_end={} if old else {"status": "UNAUTHENTICATED"},
        where={"locationType": "header", "location": "Authorization"},
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
    )


def insufficient_scopes(
    accepted: tuple[str, ...], service: str, method: str, *, old: bool = False
) -> ApiError:
    """403: the token carries none of the scopes that the method accepts.

    ``old`` is how it was said in 2018.
    """
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
        "metadata": {"service": service, "method": method},
    }
    challenge = (
        'Bearer realm="https://accounts.google.com/", error=insufficient_scope, '
        f'scope="{" ".join(accepted)}"'
    )
    return ApiError(
        status=403,
        reason="insufficientPermissions",
        message="Insufficient Permission"
        if old
        else "Request had insufficient authentication scopes.",
        front_end={} if old else {"status": "PERMISSION_DENIED", "details": [info]},
        headers={"WWW-Authenticate": challenge},
    )


def api_disabled(title: str, service: str, project: str) -> ApiError:
    """403: the API is not switched on in the service account's project."""
    console = "https://console.developers.google.com"
    link = f"{console}/apis/api/{service}/overview?project={project}"
    message = (
        f"{title} has not been used in project {project} before or it is disabled. Enable it by "
        f"visiting {link} then retry. If you enabled this API recently, wait a few minutes for "
        "the action to propagate to our systems and retry."
    )
    kind = "type.googleapis.com/google.rpc."
    links = [{"description": "Google developers console API activation", "url": link}]
    info = {
        "@type": f"{kind}ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": service, "consumer": f"projects/{project}"},
    }
    details = [{"@type": f"{kind}Help", "links": links}, info]
    return ApiError(
        status=403,
        reason="accessNotConfigured",
        message=message,
        domain="usageLimits",
        where={"extendedHelp": console},
        front_end={"status": "PERMISSION_DENIED", "details": details},
    )


def domain_cannot_use_apis() -> ApiError:
    """403: the domain's administrator has switched API access off."""
    return ApiError(status=403, reason="domainCannotUseApis", message="Domain cannot use apis")


def too_many_requests(reason: str, project: str, status: int = 403) -> ApiError:
    """403 (or 429): the requests of this minute are used up (2,400 in a real project)."""
    message = (
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of "
        f"service 'admin.googleapis.com' for consumer 'project_number:{project}'."
    )
    return ApiError(status=status, reason=reason, message=message, domain="usageLimits")


def daily_limit() -> ApiError:
    """403: the requests of this day are used up."""
    message = "Daily Limit Exceeded"
    return ApiError(status=403, reason="dailyLimitExceeded", message=message, domain="usageLimits")


def too_fast() -> ApiError:
    """403: too many calls of one kind at a time."""
    message = "Request rate higher than configured."
    return ApiError(status=403, reason="quotaExceeded", message=message, domain="usageLimits")


def rate_limited() -> ApiError:
    """429: the whole Workspace account is too fast."""
    message = "Rate Limit Exceeded"
    return ApiError(status=429, reason="rateLimitExceeded", message=message, domain="usageLimits")


def backend_error() -> ApiError:
    """500: something broke at Google."""
    return ApiError(status=500, reason="backendError", message="Backend Error")


def unavailable() -> ApiError:
    """503: try again."""
    message = "Service unavailable. Please try again"
    return ApiError(status=503, reason="backendError", message=message)


def internal_error() -> ApiError:
    """500: something broke at Google, as its front end says it."""
    return ApiError(
        status=500,
        reason="internalError",
        message="Internal error encountered.",
        front_end={"status": "INTERNAL"},
    )


def service_unavailable() -> ApiError:
    """503: try again, as its front end says it."""
    return ApiError(
        status=503,
        reason="backendError",
        message="The service is currently unavailable.",
        front_end={"status": "UNAVAILABLE"},
    )


def bad_page_token() -> ApiError:
    """400: the page token is not ours, or has expired."""
    return invalid("Invalid Input: pageToken")


def bad_mask(field_path: str) -> ApiError:
    """400: the ``fields`` parameter names something that the answer cannot have."""
    return ApiError(
        status=400,
        reason="invalid",
        message=f"Invalid field selection {field_path}",
        where={"locationType": "parameter", "location": "fields"},
    )

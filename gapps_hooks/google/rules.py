"""What each error answer of Google's APIs means, and what a person can do about it: one table.

It must not know how an answer is read, or what is done with a verdict.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import (
    AlreadyExists,
    GoogleFault,
    NotFound,
    NotYet,
    Passing,
    Refused,
    SignInRefused,
    Throttled,
    Unreachable,
)

#: The page of the Admin console that lets a service account act for the domain.
DELEGATION: Final = "Security > Access and data control > API controls > Domain-wide delegation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An error answer, taken apart.

    ``reason`` is ``errors[0].reason``; Google's front end leaves that out now and then, and
    then it is the reason of the ErrorInfo in ``details``, or ``status``.
    """

    status: int
    reason: str = ""
    message: str = ""
    #: Whether the body was one of Google's JSON error objects at all.
    understood: bool = True
    #: Seconds, from the Retry-After header (RFC 9110, 10.2.3).
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: what an answer looks like, what it is, and what a person can do about it."""

    verdict: type[GoogleFault]
    text: str
    status: Collection[int] = ()
    reason: Collection[str] = ()
    #: Any of these in the message, compared without regard to case.
    words: Collection[str] = ()
    #: Whether the row also holds for a body that is not one of Google's error objects.
    plain: bool = False

    def fits(self, answer: Answer) -> bool:
        """Whether every condition that the row has is met."""
        message = answer.message.casefold()
        return (
            (answer.understood or self.plain)
            and (not self.status or answer.status in self.status)
            and (not self.reason or answer.reason in self.reason)
            and (not self.words or any(words in message for words in self.words))
        )


_TOO_FAST: Final = "Google asks for fewer requests; it is tried again more slowly."
_UNANSWERED: Final = "Google could not answer just now; it is tried again."

# The first row that fits decides. Sources: Google's "Limits and quotas" and "Troubleshoot error
# codes" pages of the Directory API, and answers that its users have published.
RULES: Final = (
    # --- too fast -----------------------------------------------------------------------------
    Rule(
        verdict=Throttled,
        text=_TOO_FAST,
        status=(403, 429, 503),
        words=("request rate higher than configured", "quota exceeded", "rate limit exceeded"),
        plain=True,
    ),
    Rule(verdict=Throttled, text=_TOO_FAST, status=(429,), plain=True),
    Rule(
        verdict=Throttled,
        text=_TOO_FAST,
        status=(403,),
        reason=(
            "quotaExceeded",
            "userRateLimitExceeded",
            "rateLimitExceeded",
            "dailyLimitExceeded",
            "RATE_LIMIT_EXCEEDED",
            "RESOURCE_EXHAUSTED",
        ),
    ),
    # --- not let in ---------------------------------------------------------------------------
    Rule(
        verdict=SignInRefused,
        text="Google does not accept the access token, nor a new one: check in the Google Cloud"
        " console that the service account and its key still exist, and in the Admin console that"
        " the administrator named by the setting admin may still sign in.",
        status=(401,),
        plain=True,
    ),
    Rule(
        verdict=SignInRefused,
        text="The access token lacks a scope: a super administrator must give the service"
        " account's client ID the scopes .../auth/admin.directory.user and"
        f" .../auth/admin.directory.group in the Admin console under {DELEGATION}.",
        status=(403,),
        reason=("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    ),
    Rule(
        verdict=SignInRefused,
        text="The API is switched off in the service account's project: enable the Admin SDK API"
        " (and the Groups Settings API, where groups are delivered) in the Google Cloud console"
        " under APIs & Services > Library.",
        status=(403,),
        reason=("accessNotConfigured", "SERVICE_DISABLED"),
    ),
    Rule(
        verdict=SignInRefused,
        text="API access is switched off for the domain: a super administrator must allow it in"
        " the Admin console under Security > Access and data control > API controls.",
        status=(403,),
        reason=("domainCannotUseApis",),
    ),
    # --- settling -----------------------------------------------------------------------------
    Rule(
        verdict=NotYet,
        text="Google is still creating this account; it is tried again.",
        status=(412,),
        words=("user creation is not complete",),
    ),
    Rule(
        verdict=Passing,
        text="Google was changing the same object at that moment; it is tried again.",
        status=(409,),
        words=("conflicting requests",),
    ),
    Rule(
        verdict=Passing,
        text="Google was changing the same object at that moment; it is tried again.",
        status=(409,),
        reason=("conflict", "aborted", "ABORTED"),
    ),
    # --- gone, or never there -----------------------------------------------------------------
    Rule(
        verdict=NotFound,
        text="The Google account is deleted.",
        status=(412,),
        words=("user is deleted",),
    ),
    Rule(
        verdict=NotFound,
        text="No Google account has this address or id: it is a group's, or the account is"
        " deleted.",
        status=(400,),
        words=("type not supported: userkey",),
    ),
    Rule(
        verdict=NotFound,
        text="Google knows no account or group with the member's address.",
        status=(400,),
        words=("missing required field: memberkey",),
    ),
    Rule(
        verdict=Refused,
        text="The domain of the address does not belong to this Google Workspace: add it in the"
        " Admin console under Account > Domains, or correct domain or domains in the settings.",
        status=(404,),
        words=("domain not found", "resource not found: domain"),
    ),
    Rule(verdict=NotFound, text="Google does not know this address or id.", status=(404,)),
    # --- there already ------------------------------------------------------------------------
    Rule(
        verdict=AlreadyExists,
        text="The address is in use at Google, or the member is already in the group.",
        status=(409,),
        words=("already exists",),
    ),
    Rule(
        verdict=AlreadyExists,
        text="The address is in use at Google, or the member is already in the group.",
        status=(409,),
        reason=("duplicate", "ALREADY_EXISTS"),
    ),
    # --- refused: the account's state ---------------------------------------------------------
    Rule(
        verdict=Refused,
        text="Google itself suspended this account and only its owner or Google can lift that:"
        " have the person sign in once at accounts.google.com, or contact Google Workspace"
        " support.",
        status=(412,),
        reason=("adminCannotUnsuspend",),
    ),
    Rule(
        verdict=Refused,
        text="Google itself suspended this account: contact Google Workspace support.",
        status=(412,),
        words=("suspended for abuse",),
    ),
    Rule(
        verdict=Refused,
        text="No licence is free: buy one or free one in the Admin console under Billing >"
        " Subscriptions; a deleted account may hold its licence for 20 days.",
        status=(412,),
        words=("user limit",),
    ),
    Rule(
        verdict=Refused,
        text="A limit of Google is reached, such as 30 aliases an account or the number of"
        " licences: remove some, or raise it in the Admin console.",
        status=(400, 403, 412),
        reason=("limitExceeded", "serviceLimit"),
    ),
    Rule(
        verdict=Refused,
        text="No Archived User licence is free: buy one in the Admin console under Billing.",
        status=(412,),
        words=("archived user",),
    ),
    Rule(
        verdict=Refused,
        text="The account cannot be restored: Google keeps a deleted account for 20 days, and"
        " its address must not be in use by another; look in the Admin console under Directory >"
        " Users > Recently deleted.",
        status=(412,),
        words=("undelete",),
    ),
    Rule(
        verdict=Refused,
        text="A Google Vault hold protects the account: lift it in Google Vault first.",
        status=(412,),
        words=("vault", " hold"),
    ),
    Rule(
        verdict=Refused,
        text="The group would be a member of itself through other groups: take one of these"
        " memberships out in the account manager.",
        status=(400, 412),
        words=("cyclic memberships", "cannot_contain_cycle"),
    ),
    # --- refused: rights ----------------------------------------------------------------------
    Rule(
        verdict=Refused,
        text="The administrator named by the setting admin may not do this: the account may be an"
        " administrator's of higher rank, or the address in a domain of somebody else. Widen the"
        " role in the Admin console under Account > Admin roles, or have a super administrator"
        " do it.",
        status=(403,),
        reason=("forbidden", "PERMISSION_DENIED"),
    ),
    # --- refused: values ----------------------------------------------------------------------
    Rule(
        verdict=Refused,
        text="Google does not take this primary address: correct the user name or e-mail address"
        " in the account manager (letters, digits, - _ ' . only, at most 64 before the @).",
        status=(400,),
        words=("primary_user_email",),
    ),
    Rule(
        verdict=Refused,
        text="Google needs a given and a family name of 1 to 60 characters without < and >:"
        " correct them in the account manager.",
        status=(400,),
        words=("invalid given/family name", "resource.name"),
    ),
    Rule(
        verdict=Refused,
        text="Google does not take this password or hash: set the password anew in the account"
        " manager.",
        status=(400,),
        words=("invalid password", "hash function", "hash digest", "hashfunction", "input: $"),
    ),
    Rule(
        verdict=Refused,
        text="The organisational unit does not exist at Google: create it in the Admin console"
        " under Directory > Organizational units, or correct it.",
        status=(400,),
        words=("invalid_ou_id",),
    ),
    Rule(
        verdict=Refused,
        text="Google does not take this member: a group cannot be owner or manager of a group,"
        " and some addresses cannot be members at all.",
        status=(400,),
        words=("input: memberkey", "required field: member"),
    ),
    Rule(
        verdict=Refused,
        text="Google does not take this group address: correct the group's e-mail address in the"
        " account manager.",
        status=(400,),
        words=("input: groupkey",),
    ),
    Rule(
        verdict=Passing,
        text="The listing took so long that Google forgot where it was; it starts over.",
        status=(400,),
        words=("page token", "pagetoken", "page_token"),
    ),
    Rule(
        verdict=Refused,
        text="Google did not understand the request: report this as a fault of gapps-hooks.",
        status=(400,),
        words=("invalid field selection",),
    ),
    # --- the rest -----------------------------------------------------------------------------
    Rule(
        verdict=Unreachable,
        text="Something between here and Google answers in its place: check the proxy and the"
        " setting google.api_endpoint.",
        status=(*range(300, 400), 407, 511),
        plain=True,
    ),
    Rule(verdict=Passing, text=_UNANSWERED, status=(408, 409), plain=True),
    Rule(verdict=Passing, text=_UNANSWERED, status=range(500, 600), plain=True),
    Rule(
        verdict=Refused,
        text="Google refused the request: correct the value that it names.",
        status=range(400, 500),
    ),
    # A body that is no error object of the API came from something in between: it says nothing
    # about this subject, and must not bury its entry.
    Rule(verdict=Passing, text=_UNANSWERED, plain=True),
)

#: Reasons why one API or scope may be refused while the others are granted.
OF_ONE_API: Final = frozenset(
    {
        "access_denied",
        "accessNotConfigured",
        "insufficientPermissions",
        "invalid_scope",
        "unauthorized_client",
    }
)

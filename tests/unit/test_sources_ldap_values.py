"""How the values of a directory are read: ids, times, names with every escape, ranges, status."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import ldap.dn  # type: ignore[import-untyped] # it has no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import UNSET
from gapps_hooks.sources.ldap_ranges import whole
from gapps_hooks.sources.ldap_status import can_date, can_judge, is_active, set_at
from gapps_hooks.sources.ldap_values import (
    Dn,
    NotUnderstood,
    days,
    equals,
    filetime,
    generalized_time,
    guid,
    guid_bytes,
    lowered,
    normal_dn,
    number,
    seconds,
    sid,
    sid_bytes,
    texts,
)
from gapps_hooks.sources.ldap_verdicts import is_lost, verdict

NOW = 1_700_000_000.0
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
)


# --- ids -----------------------------------------------------------------------------------------


def test_a_guid_is_written_in_microsofts_order_of_bytes() -> None:
    raw = bytes.fromhex("33221100554477668899aabbccddeeff")
    assert guid(raw) == "00112233-4455-6677-8899-aabbccddeeff"


@settings(deadline=None)  # a busy machine is no fault
@given(st.uuids())
def test_a_written_guid_finds_its_bytes_again(one: uuid.UUID) -> None:
    assert guid_bytes(guid(one.bytes_le)) == one.bytes_le


@pytest.mark.parametrize("raw", [b"", b"x" * 15, b"x" * 17])
def test_what_is_no_guid_is_not_guessed(raw: bytes) -> None:
    with pytest.raises(NotUnderstood, match=f"{len(raw)} bytes"):
        guid(raw)
    assert guid_bytes("no guid") is None


def test_a_sid_is_written_as_windows_shows_it() -> None:
    raw = bytes.fromhex("010500000000000515000000c7353a426ba3d284b55b06c701020000")
    assert sid(raw) == "S-1-5-21-1111111111-2228396907-3339082677-513"
    assert sid_bytes(sid(raw)) == raw
    for wrong in (raw[:-1], raw + b"\0", b"", b"\1\1\0\0\0\0\0\5"):
        with pytest.raises(NotUnderstood, match="objectSid"):
            sid(wrong)


# --- texts ---------------------------------------------------------------------------------------


def test_texts_are_utf_8_without_control_characters_and_blanks_at_their_ends() -> None:
    values = lowered(
        {"CN": [" Łukasz\tMiąsik\n".encode(), b"", b"  ", "林".encode(), b"\xe6\x9e\x97"]}
    )
    assert texts(values, "cn") == ("Łukasz Miąsik", "林")
    assert texts(values, "sn") == ()


@pytest.mark.parametrize("raw", [b"\xff", b"M\xfcller", b"\xc3", b"\xed\xa0\x80"])
def test_a_text_that_is_not_utf_8_is_not_guessed(raw: bytes) -> None:
    with pytest.raises(NotUnderstood, match="value of sn that is not UTF-8"):
        texts({"sn": [raw]}, "sn")


def test_a_number_is_nothing_but_a_number() -> None:
    assert [number(text) for text in ("7", "-1", "", "7.0", "x", "9" * 20)] == [7, -1, *[None] * 4]


# --- times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20240229123456Z", "2024-02-29T12:34:56"),
        ("20240229123456.250Z", "2024-02-29T12:34:56.250"),
        ("20240229123456,5Z", "2024-02-29T12:34:56.500"),
        ("202402291234Z", "2024-02-29T12:34:00"),
        ("2024022912Z", "2024-02-29T12:00:00"),
        ("2024022912.5Z", "2024-02-29T12:30:00"),
        ("20240229123456+0130", "2024-02-29T11:04:56"),
        ("20240229123456-01", "2024-02-29T13:34:56"),
        ("20240229123460Z", "2024-02-29T12:34:59"),
    ],
)
def test_generalized_time_is_read_in_all_its_forms(text: str, moment: str) -> None:
    assert generalized_time(text) == datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text", ["", "2024", "20240230000000Z", "20240229123456", "x", "000001010000Z"]
)
def test_what_is_no_time_is_not_guessed(text: str) -> None:
    assert generalized_time(text) is None


def test_windows_time_begins_in_1601_and_may_mean_never() -> None:
    assert filetime("133000000000000000") == 1655526400.0
    assert filetime("116444736010000000") == 1.0
    assert [filetime(text) for text in ("0", "9223372036854775807", "-1", "x")] == [None] * 4


def test_days_and_seconds_of_nothing_say_nothing() -> None:
    assert (days("19000"), seconds("1700000000")) == (19000 * 86400.0, 1.7e9)
    assert [days(text) for text in ("0", "-1", "x")] == [None] * 3
    assert [seconds(text) for text in ("0", "x")] == [None] * 2


# --- distinguished names -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "cn=Doe\\, John,ou=People,dc=example,dc=org",
        "CN=Doe\\2C John, OU=people ,DC=EXAMPLE,DC=org",
        "cn = doe\\2c\\20john,ou=People,dc=example,dc=org",
        'cn="Doe, John",ou=People,dc=example,dc=org',
        "cn=Doe\\,  John,ou=People,dc=example,dc=org#'0101'B",
    ],
)
def test_one_name_may_be_written_in_many_ways(written: str) -> None:
    assert Dn.of(written) == Dn.of("cn=Doe\\, John,ou=People,dc=example,dc=org")


def test_parts_of_a_part_have_no_order() -> None:
    assert Dn.of("cn=a+uid=b,dc=x") == Dn.of("UID=B+CN=A,dc=x")
    assert Dn.of("cn=a,uid=b") != Dn.of("uid=b,cn=a")


def test_what_is_no_name_is_none() -> None:
    assert [Dn.of(text) for text in ("", "alice", "cn", "cn=a,,dc=b")] == [None] * 4


@settings(deadline=None)  # a busy machine is no fault
@given(TEXT, TEXT)
def test_every_character_survives_in_a_name(value: str, other: str) -> None:
    dn = Dn.of(f"cn={escaped(value)},dc=x")
    assert dn is not None
    assert dn.first == ("cn", value)
    assert normal_dn(dn.normal) == dn.normal
    if value.isascii() and other.isascii() and value.split() != other.lower().split():
        same = value.lower().split() == other.lower().split()
        assert (Dn.of(f"cn={escaped(other)},dc=x") == dn) is same


def escaped(value: str) -> str:
    """Write a value with every byte escaped."""
    return "".join(f"\\{byte:02x}" for byte in value.encode())


def test_a_name_is_asked_for_as_it_is_written() -> None:
    dn = Dn.of("CN=Παναγιώτης,dc=x")
    assert dn is not None
    assert dn.first == ("CN", "Παναγιώτης")
    assert dn == Dn.of("cn=ΠΑΝΑΓΙΏΤΗΣ,DC=X")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*)(uid=*", "(cn=\\2a\\29\\28uid=\\2a)"),
        ("a\\b\0", "(cn=a\\5cb\\00)"),
        (b"\x00*\xff", "(cn=\\00\\2a\\ff)"),
        ("Ü", "(cn=Ü)"),
    ],
)
def test_no_value_can_change_a_filter(value: str | bytes, expected: str) -> None:
    assert equals("cn", value) == expected


# --- status --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "value", "active"),
    [
        ("shadowExpire", "1", False),
        ("shadowExpire", "0", False),
        ("shadowExpire", "-1", True),
        ("shadowExpire", "99999", True),
        ("shadowExpire", str(int(NOW // 86400)), False),
        ("shadowExpire", "soon", UNSET),
        ("nsAccountLock", "TRUE", False),
        ("nsAccountLock", "false", True),
        ("pwdAccountLockedTime", "000001010000Z", False),
        ("pwdAccountLockedTime", "00000101000000Z", False),
        ("pwdAccountLockedTime", "00000101000000.0Z", False),
        ("pwdAccountLockedTime", "20240101000000Z", True),
        ("sambaAcctFlags", "[UD         ]", False),
        ("sambaAcctFlags", "[UX         ]", True),
        ("clearAccountStatus", "enabled", True),
        ("clearAccountStatus", "disabled", False),
        ("clearAccountStatus", "locked", False),
        ("userAccountControl", "512", True),
        ("userAccountControl", "514", False),
        ("userAccountControl", "66050", False),
        ("userAccountControl", "528", True),
        ("userAccountControl", "x", UNSET),
        ("accountExpires", "0", True),
        ("accountExpires", "9223372036854775807", True),
        ("accountExpires", "116444736010000000", False),
        ("accountExpires", "x", UNSET),
        ("krbPrincipalExpiration", "20200101000000Z", False),
        ("krbPrincipalExpiration", "20990101000000Z", True),
        ("krbPrincipalExpiration", "x", UNSET),
        ("loginDisabled", "TRUE", False),
    ],
)
def test_each_status_is_understood(attribute: str, value: str, active: object) -> None:
    values = {attribute.lower(): [value.encode()]}
    assert is_active(values, [attribute], NOW) is active
    assert can_judge(attribute)


def test_one_no_is_enough_and_silence_is_a_yes() -> None:
    assert is_active({}, ["shadowExpire", "nsAccountLock"], NOW) is True
    both = {"nsaccountlock": [b"TRUE"], "shadowexpire": [b"x"]}
    assert is_active(both, ["shadowExpire", "nsAccountLock"], NOW) is False
    assert not can_judge("loginShell")


def test_the_latest_time_of_a_password_counts() -> None:
    values = {
        "pwdchangedtime": [b"20240102030405Z"],
        "shadowlastchange": [b"1"],
        "pwdlastset": [b"0"],
    }
    names = ["shadowLastChange", "pwdChangedTime", "pwdLastSet"]
    assert set_at(values, names) == (generalized_time("20240102030405Z"), False)
    assert set_at(values, ["pwdLastSet"]) == (None, False)


def test_a_time_that_only_knows_the_day_says_so() -> None:
    day = {"shadowlastchange": [b"19724"]}
    assert set_at(day, ["shadowLastChange"]) == (19724 * 86400.0, True)
    moment = {**day, "pwdchangedtime": [b"20240102030405Z"]}
    names = ["shadowLastChange", "pwdChangedTime"]
    assert set_at(moment, names) == (generalized_time("20240102030405Z"), False)
    assert set_at({**moment, "pwdchangedtime": [b"20240102000000Z"]}, names)[1] is False
    assert set_at({**moment, "shadowlastchange": [b"19800"]}, names) == (19800 * 86400.0, True)
    assert not can_date("modifyTimestamp")


# --- values that come in parts -------------------------------------------------------------------


def parts_of(values: list[bytes], size: int) -> dict[str, list[bytes]]:
    """What a Microsoft server gives of a long attribute, by the names to ask for it."""
    answers = {}
    for start in range(0, len(values), size):
        last = start + size >= len(values)
        name = f"member;range={start}-{'*' if last else start + size - 1}"
        answers[f"member;range={start}-*"] = [name.encode(), *values[start : start + size]]
    return answers


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_parts_are_put_together(count: int) -> None:
    values = [b"cn=%d" % number for number in range(count)]
    answers = parts_of(values, 3)

    def ask(name: str) -> dict[str, list[bytes]]:
        found = answers[name]
        return {found[0].decode(): found[1:]}

    first = ask("member;range=0-*") | {"cn": [b"staff"], "member": []}
    assert whole(first, ask) == {"cn": [b"staff"], "member": values}


@pytest.mark.parametrize(
    "answer", [{}, {"member": [b"x"]}, {"member;range=9-*": [b"x"]}, {"member;range=3-*": []}]
)
def test_a_part_that_is_missing_is_no_end(answer: dict[str, list[bytes]]) -> None:
    with pytest.raises(SourceUnreadable, match="after the first 3"):
        whole({"member;range=0-2": [b"a", b"b", b"c"]}, lambda _: answer)


def test_a_server_that_never_ends_is_left() -> None:
    def ask(name: str) -> dict[str, list[bytes]]:
        start = int(name.partition("=")[2].partition("-")[0])
        return {f"member;range={start}-{start}": [b"x"]}

    with pytest.raises(SourceUnreadable, match="have no end"):
        whole({"member;range=0-0": [b"x"]}, ask)


# --- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ldap.SIZELIMIT_EXCEEDED(), "size limit"),
        (ldap.TIMELIMIT_EXCEEDED(), "time limit"),
        (ldap.ADMINLIMIT_EXCEEDED(), "limit of its administrator's"),
        (ldap.BUSY(), "is busy"),
        (ldap.UNAVAILABLE(), "not available"),
        (ldap.SERVER_DOWN(), "cannot be reached"),
        (ldap.TIMEOUT(), "source.timeout"),
        (ldap.REFERRAL(), "another server"),
        (ldap.STRONG_AUTH_REQUIRED(), "encrypted"),
        (ldap.OTHER(), "answers with OTHER"),
    ],
)
def test_each_answer_has_its_sentence_and_remedy(error: Exception, words: str) -> None:
    text = str(verdict(error, "ldap://x", "dc=y"))
    assert text.startswith("ldap://x ")
    assert words in text
    assert "(dc=y)" in text


def test_what_a_server_says_is_shown_harmless_and_short() -> None:
    text = str(verdict(ldap.OTHER({"desc": "x", "info": "a\x1b[31m\nb" + "c" * 999}), "ldap://x"))
    assert "a?[31m b" in text
    assert len(text) < 300
    said = ldap.INVALID_CREDENTIALS({"info": "data 52e, the password of bob"})
    assert "bob" not in str(verdict(said, "ldap://x"))
    assert str(verdict(said, "ldap://x")).endswith("see source.bind_dn and source.password_file")
    assert str(verdict(said, "ldap://x", said="--ordinary-user")).endswith("see --ordinary-user")


def test_a_base_that_is_not_there_may_be_any_of_the_three() -> None:
    text = str(verdict(ldap.NO_SUCH_OBJECT({"desc": "No such object"}), "ldap://x", "ou=Peple"))
    assert "see source.base, source.user_base and source.group_base" in text
    assert "(ou=Peple)" in text


def test_only_some_errors_lose_the_connection() -> None:
    assert is_lost(ldap.SERVER_DOWN())
    assert is_lost(ldap.TIMEOUT())
    assert not is_lost(ldap.NO_SUCH_OBJECT())

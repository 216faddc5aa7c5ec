"""No secret in a text, however it is spelled there."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import subprocess
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.process.own_variables import BEFORE, set_own
from tasks.redaction.redactor import Redactor, redactor
from tasks.redaction.spellings import SHORTEST
from tasks.settings.rhythm_toml import Settings

NASTY = 'pa"ss\\wörd/&+x-1234'
SECRETS = [
    NASTY,
    'it\'s <so> "secret" 🫀%',
    "한글 비밀번호 열쇠",
    "----------",
    "line one\nline two\n",
    "plain0123",
]
#: Its base64 has signs in which the two alphabets differ.
FOR_BASE64 = "pä??ss>>wörd~~1234"
SHORT = '"&ö/ x"'

#: Ways in which programs write a text, each by the library that writes it so.
WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in ASCII": json.dumps,
    "JSON in ASCII with large letters": lambda text: _large(json.dumps(text)),
    "JSON within a page": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON by .NET": lambda text: json.dumps(text).replace('\\"', "\\u0022").replace("&", "\\u0026"),
    "repr": repr,
    "repr of a text with both quotes": lambda text: repr(f"'\" {text}"),
    "ascii": ascii,
    "repr of bytes": lambda text: repr(text.encode())[1:],
    "URL": quote,
    "URL without a safe character": lambda text: quote(text, safe=""),
    "URL by a browser": lambda text: quote(text, safe="!'()*"),
    "URL in small letters": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text)),
    "form": quote_plus,
    "HTML": html.escape,
    "HTML without quotes": lambda text: html.escape(text, quote=False),
    "HTML in numbers": lambda text: html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    "XML": escape,
    "XML attribute": quoteattr,
    "XML in ASCII": lambda text: escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "shell": shlex.quote,
    "shell as it traces": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "PowerShell": lambda text: "'" + text.replace("'", "''") + "'",
    "Windows' command line": lambda text: subprocess.list2cmdline(["a b", text]),
    "CSV": lambda text: '"' + text.replace('"', '""') + '"',
    "Windows' path": lambda text: text.replace("/", "\\"),
    "Windows' path in an error": lambda text: text.replace("/", "\\").replace("\\", "\\\\"),
    "base64": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "coloured": lambda text: f"{text[:3]}\x1b[1;31m{text[3:5]}\x1b[0m{text[5:]}",
}


def _large(text: str) -> str:
    start, *escapes = text.split("\\u")
    return start + "".join(f"\\u{each[:4].upper()}{each[4:]}" for each in escapes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_every_way_of_writing_it(secret: str, way: str) -> None:
    written = WAYS[way](secret)

    masked = Redactor([secret])(f"before {written} after")

    assert "***" in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    left = masked.removeprefix("before ").removesuffix(" after").replace("a b", "")
    assert not re.search(r"[^\W_]{2}", left.replace("\\n", "")), masked


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "c", "cd", " and more"])
def test_a_secret_is_masked_in_base64_wherever_it_stands_in_what_was_encoded(
    encode: Callable[[bytes], bytes], encoding: str, before: str, after: str
) -> None:
    written = encode(f"{before}{FOR_BASE64}{after}".encode(encoding)).decode()

    masked = Redactor([FOR_BASE64])(f"Authorization: Basic {written}")

    assert masked.startswith("Authorization: Basic ")
    start, end = masked.removeprefix("Authorization: Basic ").split("***")
    # What is left is what the neighbours are written with, and padding.
    assert len(start) <= 4 * len(before.encode(encoding)) / 3 + 2
    assert len(end.rstrip("=")) <= 4 * len(after.encode(encoding)) / 3 + 2


@pytest.mark.parametrize("way", ["JSON", "URL", "HTML", "form", "base64"])
def test_a_short_secret_is_masked_only_as_it_is(way: str) -> None:
    redact = Redactor([SHORT])

    assert len(SHORT) == SHORTEST - 1
    assert redact(f"a {SHORT} b") == "a *** b"
    assert redact(WAYS[way](SHORT)) == WAYS[way](SHORT)


@given(
    secret=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=SHORTEST, max_size=40),
    way=st.sampled_from(sorted(WAYS.keys() - {"coloured"})),
)
def test_any_secret_is_masked_in_any_spelling_and_that_is_no_longer_than_said(secret: str, way: str) -> None:
    redact, around = Redactor([secret]), len(WAYS[way](""))

    written = WAYS[way](secret)

    assert len(written) <= redact.longest + around + 2
    assert "***" in redact(written)


def test_of_secrets_that_overlap_nothing_is_left() -> None:
    assert Redactor(["abcdef", "defghi"])("x abcdefghi y") == "x *** y"
    assert Redactor(["aba"])("x ababa y") == "x *** y"
    assert Redactor(["pass", "password"])("pass password") == "*** ***"
    assert Redactor(["secret"])("secretsecret") == "******"


def test_a_secret_of_many_backslashes_takes_no_time() -> None:
    redact = Redactor(["\\" * 60 + "end"])

    assert redact("\\" * 5000) == "\\" * 5000
    assert redact(json.dumps("\\" * 60 + "end")) == '"***"'


def test_text_that_is_no_secret_stays_as_it_is() -> None:
    text = json.dumps({"pa": "ss", "w": "rd/&+x", "n": 1234}) + " %22 &quot; \\u00f6 cGEic3M="

    assert Redactor([NASTY])(text) == text


def test_an_empty_secret_masks_nothing() -> None:
    assert Redactor(["", "\n", " \n "])("abc def") == "abc def"
    assert Redactor().longest == 0


def test_the_texts_of_a_value_are_redacted_and_the_rest_is_left() -> None:
    payload = {"sesame-sesame": ["a sesame-sesame", 1.5, None, {"deep": ("sesame-sesame",)}], "ok": True}

    assert Redactor(["sesame-sesame"]).value(payload) == {
        "***": ["a ***", 1.5, None, {"deep": ["***"]}],
        "ok": True,
    }


def test_what_the_account_has_set_is_masked_also_where_rhythm_has_set_another_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:of the account")
    monkeypatch.setenv(BEFORE, "{}")  # to be taken away again
    set_own({"PREFECT_API_AUTH_STRING": "rhythm:of the server"})
    groups = {"a": {"every": "5m", "steps": ["check_health"]}}

    redact = redactor(Settings.model_validate({"groups": groups}))

    assert redact("admin:of the account, rhythm:of the server") == "***, ***"

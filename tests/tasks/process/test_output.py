"""From bytes to lines: whatever the encoding, however they are cut, bounded, and without secrets."""

from __future__ import annotations

import base64
import locale
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.process.output import MAX_LINE, Lines, decode
from tasks.redaction.redactor import Redactor


def printed(chunks: Iterable[bytes], secrets: Iterable[str] = ()) -> list[str]:
    said: list[str] = []
    stream = Lines(said.extend, Redactor(secrets))
    for chunk in chunks:
        stream.feed(chunk)
    stream.close()
    return said


def lines(chunks: Iterable[bytes], secrets: Iterable[str] = ()) -> list[str]:
    """Return the lines that are not blank."""
    return [line for line in printed(chunks, secrets) if line.strip()]


def cut(data: bytes, borders: Iterable[int]) -> list[bytes]:
    """Given bytes and places in them, return the pieces between."""
    places = [0, *sorted(border % (len(data) + 1) for border in borders), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def bytewise(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


pieces = st.one_of(
    st.binary(max_size=12),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(max_size=12).map(lambda text: text.encode("utf-16-le", "surrogatepass")),
    st.sampled_from(
        [
            *(b"\n", b"\r\n", b"\r", b"\0", b"\n\0", b"\0\n", b"\r\0", b"secret"),
            *(b"\xff\xfe", b"\xfe\xff", b"\n\xff\xfe", b"\xef\xbb\xbf"),
            *("secret\r\n".encode("utf-16"), "갊ok\n".encode("utf-16-be"), b"\x1b[1m", b"\x1b[", b"\x9b3m"),
        ]
    ),
)
streams = st.lists(pieces, max_size=12).map(b"".join)
borders = st.lists(st.integers(0, 200), max_size=10)


# Cutting


@settings(deadline=None, max_examples=400)
@given(data=streams, borders=borders)
def test_the_lines_do_not_depend_on_how_the_stream_was_cut(data: bytes, borders: list[int]) -> None:
    whole = printed([data], ["secret"])

    assert printed(cut(data, borders), ["secret"]) == whole
    assert printed(bytewise(data), ["secret"]) == whole


@settings(deadline=None, max_examples=150)
@given(
    text=st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1), max_size=6
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    borders=borders,
)
def test_text_comes_out_as_it_went_in(
    text: list[str], encoding: str, newline: str, borders: list[int]
) -> None:
    data = "".join(line + newline for line in text).encode(encoding)
    expected = [line for line in text if line.strip()]
    if encoding == "utf-8" and expected and data.startswith(b"\xef\xbb\xbf"):
        expected = [line for line in [text[0][1:], *text[1:]] if line.strip()]

    assert lines(cut(data, borders)) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16"])
def test_a_character_may_be_cut_anywhere(encoding: str) -> None:
    data = "ab건강\r\n🫀 ok\nlast".encode(encoding)

    assert lines(bytewise(data)) == lines([data]) == ["ab건강", "🫀 ok", "last"]


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf_16_of_either_order_is_known_by_its_mark(mark: bytes) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    # Characters whose bytes hold those of an end of line: these are not one.
    text = "一\u0a0d\u0d0a ਊ\r\ntwo\n"

    assert lines([mark + text.encode(encoding)]) == ["一\u0a0d\u0d0a ਊ", "two"]


def test_utf_16_without_a_mark_is_known_by_its_zeros() -> None:
    assert lines(["Status: gut\r\nÜber alles\r\n".encode("utf-16-le")]) == ["Status: gut", "Über alles"]


# A UTF-16 run within a stream


texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff"))
marks = st.sampled_from([(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])


@settings(max_examples=200)
@given(mark=marks, text=st.lists(texts, min_size=1, max_size=6), borders=borders)
def test_utf_16_text_with_line_ends_is_always_read_as_such(
    mark: tuple[bytes, str], text: list[str], borders: list[int]
) -> None:
    data = mark[0] + "".join(f"{line}\r\n" for line in text).encode(mark[1])

    assert lines(cut(data, borders)) == [line for line in text if line.strip()]


@settings(max_examples=200)
@given(mark=marks, data=st.binary(max_size=60), borders=borders)
def test_8_bit_text_without_nuls_is_never_read_as_utf_16(
    mark: tuple[bytes, str], data: bytes, borders: list[int]
) -> None:
    data = data.replace(b"\0", b"\n").lstrip(b"\xfe\xff\xef")

    assert lines(cut(mark[0] + data, borders)) == lines([data])


@settings(max_examples=200)
@given(
    mark=marks,
    runs=st.lists(
        st.tuples(st.lists(texts, min_size=1, max_size=3), st.lists(texts, min_size=1, max_size=3)),
        max_size=3,
    ),
    borders=borders,
)
def test_a_stream_may_change_between_marked_utf_16_and_8_bits_at_any_line(
    mark: tuple[bytes, str], runs: list[tuple[list[str], list[str]]], borders: list[int]
) -> None:
    data = b"".join(
        mark[0]
        + "".join(f"{line}\n" for line in wide).encode(mark[1])
        + "".join(f"{line}\n" for line in narrow).encode()
        for wide, narrow in runs
    )

    assert lines(cut(data, borders)) == [
        line for wide, narrow in runs for line in (*wide, *narrow) if line.strip()
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_8_bit_lines_after_utf_16_ones_are_readable(encoding: str) -> None:
    wide = "Name 상태\r\n한국어로만\r\n\r\n".encode(encoding)

    said = lines(bytewise(wide + b"backup done\r\nodd\r\n" + "ünïcode ✓\r\nlast".encode()))

    assert said == ["Name 상태", "한국어로만", "backup done", "odd", "ünïcode ✓", "last"]


@pytest.mark.parametrize("first", ["first line", "first lines"])  # so that the NUL is at either place of two
def test_8_bit_lines_with_a_nul_among_them_do_not_become_utf_16_by_a_mark(first: str) -> None:
    said = lines([b"\xff\xfe" + f"{first}\n".encode() + b"many\n" * 20 + b"a\0b\nlast\n"])

    assert said == [first, *["many"] * 20, "a␀b", "last"]


def test_what_looks_like_a_mark_after_an_8_bit_line_may_be_characters_of_a_utf_16_line() -> None:
    assert lines([b"\xff\xfe" + "a ＊þ b\n".encode("utf-16-le")]) == ["a ＊þ b"]


@pytest.mark.parametrize("text", ["ok", "건 강", "한글 hangul 123"])
@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_utf_16_line_may_lack_its_end(mark: bytes, text: str) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"

    assert lines([mark + text.encode(encoding)]) == [text]


def test_8_bit_lines_after_a_mark_are_not_kept_waiting_for_ever() -> None:
    said: list[str] = []
    stream = Lines(said.extend, Redactor())
    largest = 0
    for number in range(10_000):
        stream.feed(b"\xff\xfe" if number == 0 else f"line {number}\n".encode())
        largest = max(largest, _held(stream))

    assert said[-1] == "line 9999"
    assert largest < 5 * MAX_LINE


@pytest.mark.parametrize(
    ("data", "count"),
    [(b"", 0), (b"\n", 1), (b"\r\n\r\n", 2), (b" \n\t\n", 2), (b"\xef\xbb\xbf", 0), (b"\xff\xfe", 0)],
)
def test_a_blank_line_is_a_line(data: bytes, count: int) -> None:
    assert [line.strip() for line in printed([data])] == [""] * count


@pytest.mark.parametrize("data", [b"x", b"xy", b"xyz", b"x\n", b"x\ny"])
def test_a_stream_of_a_few_bytes_is_not_lost(data: bytes) -> None:
    assert lines(bytewise(data)) == data.decode().splitlines()


# Odd bytes


def test_bytes_in_no_encoding_become_text_all_the_same() -> None:
    (line,) = lines([b"caf\xe9 \xff\x80\x81 ok\n"])

    assert line.startswith("caf")
    assert line.endswith("ok")


@pytest.mark.skipif(
    sys.platform == "win32" or locale.getencoding().lower() not in ("utf-8", "us-ascii", "ansi_x3.4-1968"),
    reason="elsewhere the machine's own encoding has a character for every byte",
)
def test_bytes_that_the_machines_encoding_lacks_are_shown_by_number() -> None:
    assert lines([b"caf\xe9\n"]) == ["caf\\xe9"]


def test_one_odd_line_does_not_spoil_the_others() -> None:
    first, _, last = lines(["ä\n".encode() + b"odd \xff\n" + "ö\n".encode()])

    assert (first, last) == ("ä", "ö")


def test_nul_bytes_are_shown_as_a_sign() -> None:
    assert lines([b"abc\0def\n"]) == ["abc␀def"]


def test_decode_never_fails() -> None:
    assert decode("ä".encode()) == "ä"
    assert decode("ä".encode()[:1], cut=True) == ""
    assert all(isinstance(decode(bytes([byte])), str) for byte in range(256))


# Control characters


def test_control_characters_become_visible_and_colours_go() -> None:
    data = b"\x1b]0;title\x07\x1b[1;31mred\x1b[0m\tplain\x7f \xc2\x9b2J \xc2\x9b32mgreen\xc2\x9bm\x1b[K\n"

    assert lines([data]) == ["␛]0;title␇red\tplain␡ \\x9b2J green␛[K"]


def test_a_line_of_colours_alone_is_blank() -> None:
    assert lines([b"\x1b[0m\n\x1b[1;32m \x1b[0m\nend\n"]) == ["end"]


# Carriage returns


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"10%\r50%\r100%\n", ["100%"]),
        (b"10%\r50%\r100%\r\n", ["100%"]),
        (b"10%\r50%\r100%\r\r\n", ["100%"]),
        (b"\r10%\r20%", ["20%"]),
        (b"10%\r20%\r", ["20%"]),
        (b"100%\r    \nready\n", ["ready"]),
        (b"a\n\rb\n", ["a", "b"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_of_a_line_that_is_redrawn_the_last_state_is_kept(
    data: bytes, expected: list[str], encoding: str
) -> None:
    data = data.decode().encode(encoding)

    assert lines([data]) == expected
    assert lines(bytewise(data)) == expected


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_the_last_state_of_a_long_progress_bar_is_kept(size: int) -> None:
    data = b"".join(b"%3d%% %s\r" % (percent, b"#" * 990) for percent in range(100)) + b"100% done\n"

    assert lines(data[start : start + size] for start in range(0, len(data), size)) == ["100% done"]


# Bounds


@pytest.mark.parametrize("character", ["x", "é", "건", "🫀"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("secret", ["", "not in there at all"])
def test_a_line_is_cut_at_10_000_characters(character: str, encoding: str, secret: str) -> None:
    fits = character * MAX_LINE
    data = f"{fits}\n{fits}y\n{'z' + fits * 7}\nend\n".encode(encoding)

    whole, longer, longest, end = lines([data], [secret] if secret else [])

    assert whole == fits
    assert longer == character * (MAX_LINE - 1) + "…"
    assert longest == "z" + character * (MAX_LINE - 2) + "…"
    assert end == "end"


@pytest.mark.parametrize("unit", [b"x", b"x\0", b"\r", b"50%\r"])
def test_200_mb_without_an_end_of_line_take_no_memory(unit: bytes) -> None:
    said: list[str] = []
    stream = Lines(said.extend, Redactor(["secret" * 10]))
    chunk = unit * (1_000_000 // len(unit))
    largest = 0
    for _ in range(200):
        stream.feed(chunk)
        largest = max(largest, _held(stream))
    stream.close()

    assert largest < 5 * MAX_LINE
    assert len(said) == 1
    assert len(said[0]) <= MAX_LINE


def _held(stream: Lines) -> int:
    """The bytes in all buffers of a stream."""
    return sum(len(value) for value in vars(stream).values() if isinstance(value, bytes | bytearray))


# Secrets


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_secret_is_masked_wherever_the_stream_is_cut(encoding: str) -> None:
    data = "token=päss🫀word!\n".encode(encoding)
    for border in range(len(data)):
        assert lines([data[:border], data[border:]], ["päss🫀word"]) == ["token=***!"]


@settings(deadline=None, max_examples=60)
@given(
    secrets=st.lists(st.text("AB", min_size=1, max_size=40), min_size=1, max_size=3),
    before=st.integers(0, 9),
    size=st.sampled_from([1_000, 4_095, 65_536]),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_nothing_of_a_secret_is_left_where_a_line_is_cut(
    secrets: list[str], before: int, size: int, encoding: str
) -> None:
    data = ("." * before + "-".join([*secrets, ""]) * 2_000).encode(encoding)

    said = lines((data[start : start + size] for start in range(0, len(data), size)), secrets)

    # All letters are secrets' letters: one that is left is a secret that was cut in two.
    assert not {"A", "B"} & set("".join(said))


@pytest.mark.parametrize("position", range(MAX_LINE - 12, MAX_LINE + 2))
def test_a_secret_on_the_border_of_10_000_characters_is_masked(position: int) -> None:
    (line,) = lines([b"." * position + b"SECRETSECRET" + b"." * 50], ["SECRETSECRET"])

    assert not set("SECRET") & set(line)
    assert len(line) <= MAX_LINE


@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda secret: secret.replace("~", "&#126;"),
        lambda secret: "".join(f"%{octet:02x}" if octet == 126 else chr(octet) for octet in secret.encode()),
        lambda secret: base64.b64encode(secret.encode("utf-16-le")).decode(),
    ],
)
def test_nothing_of_a_secret_is_left_where_a_line_is_cut_however_it_is_spelled(
    spell: Callable[[str], str],
) -> None:
    secret = "SECRET~" * 30
    spelled = spell(secret)
    for before in range(0, len(spelled), 7):
        (line,) = lines([b"." * before + f"{spelled}-".encode() * 400], [secret])

        assert not set("SECRETVUF") & set(line)


def test_nothing_of_a_secret_is_left_of_a_line_cut_within_a_colour() -> None:
    for before in range(40):
        (line,) = lines([b"." * before + b"S\x1b[38;2;100;100;100mECR-" * 9000], ["SECR"])

        assert not set("SECR") & set(line)


def test_a_secret_that_is_coloured_in_part_is_masked() -> None:
    assert lines([b"pass\x1b[1;31mwo\x1b[0mrd!\n"], ["password"]) == ["***!"]


def test_a_secret_that_contains_another_leaves_nothing_behind() -> None:
    assert lines([b"pass password\n"], ["pass", "password"]) == ["*** ***"]


def test_a_secret_of_several_lines_is_masked_line_by_line_however_indented() -> None:
    credentials = '{\n  "private_key": "abc",\n  "id": "de"\n}\n'
    data = b'key: "private_key": "abc",\n      "id": "de"\n{ no secret }\n'

    assert lines([data], [credentials]) == ["key: ***", "      ***", "{ no secret }"]


def test_a_short_secret_with_an_end_of_line_is_masked_without_it() -> None:
    assert lines([b"the pin is 123 today\n"], ["123\n"]) == ["the pin is *** today"]

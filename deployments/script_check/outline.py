"""The outline of a PowerShell script: what is never closed in it, and where its `param` block stands.

For that, brackets, quotes and comments are enough. The grammar, which reads the block itself, finds faults in
one of five scripts that PowerShell understands; and after a fault it misreads what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployments.script_check.fault import Fault

# PowerShell takes typographic quotes for quotes.
_S, _D = "'\u2018\u2019\u201a\u201b", '"\u201c\u201d\u201e'
_ESCAPE = r"`u\{[0-9A-Fa-f]+\}"  # its brackets are none
# No possessive quantifiers: before 3.11.5, Python's own give other matches.
_CODE = re.compile(
    rf"""
    (?P<blank> [^\S\n]+ | `\n )
  | (?P<end> [\n;] )
  | (?P<separator> [,|&] )
  | (?P<comment> <\#.*?\#> | \#[^\n]* )
  | (?P<string> @[{_S}][^\S\n]*\n (?: .*?\n )?? [{_S}]@
              | [{_S}] [^{_S}]* (?: [{_S}]{{2}} [^{_S}]* )* [{_S}](?![{_S}]) )
  | (?P<opens_here_string> @[{_D}][^\S\n]*(?=\n) )
  | (?P<opens_string> [{_D}] )
  | (?P<unclosed> <\# | @[{_S}](?=[^\S\n]*\n) | [{_S}] )
  | (?P<opens> [@$]?\( | @?\{{ )
  | (?P<closes> [)}}] )
  | (?P<word> \$\{{ (?: [^}}`] | {_ESCAPE} | `(?!u\{{[0-9A-Fa-f]+\}}). )* \}}
            | (?: [^\s;,|&<\#@${{}}()`{_S}{_D}] | `[^\n] )+
            | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_STRING = re.compile(
    rf"(?P<text> (?: `. | [^`${_D}] | [{_D}]{{2}} | \$(?!\() )+ ) | (?P<opens> \$\( )"
    rf"| (?P<closes> [{_D}] )",
    re.VERBOSE | re.DOTALL,
)
_IN_HERE_STRING = re.compile(
    rf"(?P<text> (?: `[^\n]? | [^`$\n] | \n(?![{_D}]@) | \$(?!\() )+ ) | (?P<opens> \$\( )"
    rf"| (?P<closes> \n[{_D}]@ )",
    re.VERBOSE | re.DOTALL,
)
# PowerShell finds the end of `$(…)` in a string by its brackets alone, also those within its own strings.
_IN_SUBEXPRESSION = re.compile(r"(?P<text>[^()]+)|(?P<opens>\()|(?P<closes>\))")
_MODES = {"string": _IN_STRING, "here-string": _IN_HERE_STRING, "subexpression": _IN_SUBEXPRESSION}
_OPENED = {"opens_string": "string", "opens_here_string": "here-string"}
_CLOSING = {"(": ")", "{": "}"}
#: Behind these a `#` begins a comment; behind a word, that depends on what the word is.
_BETWEEN = frozenset({"blank", "end", "separator", "comment", "opens", "closes"})
#: What has no meaning but in code.
_MEANS_NOTHING = re.compile(rf"[^`(){{}}<@{_S}{_D}\n]*(?=\n|\Z)")
_DYNAMIC = re.compile(r"\bdynamicparam\b", re.IGNORECASE)
_OF_ATTRIBUTE = re.compile(r"[\[\]][\w.\[\]]*")
_PARAM = re.compile(r"(?:.*\])?param", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outline:
    """`block` is the `param` block with its attributes, or empty; None if that cannot be known."""

    block: str | None = ""
    fault: Fault | None = None
    """What is never closed, or closes nothing."""


def outline(text: str) -> Outline:
    """Given a script's text with \\n for line ends, return its outline."""
    pieces: list[_Piece] = []
    try:
        for piece in _pieces(text):
            pieces.append(piece)
    except _BrokenError as error:
        return Outline(None, error.fault)
    except _UnclearError:
        # What stands before the unclear place is certain, if it goes so far.
        return Outline(_block(text, pieces) or None)
    # What such a block declares, running it would show.
    return Outline(None if _DYNAMIC.search(text) else _block(text, pieces))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something that is within no brackets: a word, a string, the end of a statement, or whole brackets."""

    kind: str
    start: int
    end: int


class _UnclearError(Exception):
    """Where only the grammar decides whether a character begins a comment."""


class _BrokenError(Exception):
    """Something is never closed, or closes nothing."""

    def __init__(self, text: str, at: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.fault = Fault(f"syntax error: {problem}", remedy, text.count("\n", 0, at) + 1, fatal=True)


def _pieces(text: str) -> Iterator[_Piece]:
    """Yield the script's pieces.

    Raises:
        _BrokenError, _UnclearError: at the place where that shows.
    """
    opened: list[tuple[str, int]] = []  # what is open, and where it was opened
    before, at, start = "end", 0, 0
    while at < len(text):
        what = opened[-1][0] if opened else ""
        found = _MODES.get(what, _CODE).match(text, at)
        if found is None:  # a backtick at the very end of a string
            break
        kind, word = found.lastgroup or "", found[0]
        if kind == "unclosed":
            opened.append(("comment" if word == "<#" else "string", at))
            break
        if _may_be_comment(kind, word, before) and not _MEANS_NOTHING.match(text, at + 1):
            raise _UnclearError
        if kind == "closes" and what not in _MODES and word != _CLOSING.get(what, ""):
            if opened:
                break
            raise _BrokenError(text, at, f"'{word}' closes nothing", "Take it out, or open it before.")
        if not opened:
            start = at
        if kind == "closes":
            opened.pop()
            kind = "string" if what in _MODES else "closes"
        elif kind.startswith("opens"):
            opened.append((_OPENED.get(kind) or ("subexpression" if what in _MODES else word[-1]), at))
        at = found.end()
        before = kind
        if not opened and kind in ("word", "string", "end", "closes"):
            yield _Piece(kind, start, at)
    if opened:
        what, at = opened[-1]
        name = f"'{what}'" if what in _CLOSING else f"the {what}"
        raise _BrokenError(text, at, f"{name} that begins here is never closed", "Close it.")


def _may_be_comment(kind: str, word: str, before: str) -> bool:
    """Whether a # or --% means all that follows in the line, or nothing."""
    if kind == "word":
        return word == "--%" and before in _BETWEEN
    return kind == "comment" and before not in _BETWEEN


def _block(text: str, pieces: list[_Piece]) -> str:
    """Return the script's `param` block with its attributes; empty if it has none."""
    waiting = _without_usings(text, pieces)
    start: int | None = None
    for piece, following in zip(waiting, [*waiting[1:], None], strict=False):
        word = text[piece.start : piece.end]
        if piece.kind == "word" and start is None:
            start = piece.start
        if piece.kind == "word" and _PARAM.fullmatch(word):
            is_block = following is not None and text[following.start] == "("
            return text[start : following.end] if following and is_block else ""
        if (
            start is None
            or (piece.kind == "word" and not _OF_ATTRIBUTE.fullmatch(word))
            or piece.kind == "string"
        ):
            return ""
    return ""


def _without_usings(text: str, pieces: list[_Piece]) -> list[_Piece]:
    """Return the pieces behind the `using` statements, without the ends of statements."""
    rest = list(pieces)
    while rest and (rest[0].kind == "end" or text[rest[0].start : rest[0].end].lower() == "using"):
        while rest and rest[0].kind != "end":
            rest.pop(0)
        rest = rest[1:]
    return [piece for piece in rest if piece.kind != "end"]

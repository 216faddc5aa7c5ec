"""PowerShell's operators on values that may be unknown."""

from __future__ import annotations

import re
from datetime import timedelta

from deployments.adopt.sources.powershell.values import (
    DateTime,
    Thing,
    Unknown,
    Value,
    doubts,
    items,
    joined,
    known,
    number,
    span,
    text,
    truth,
)


def binary(operator: str, left: Value, right: Value, shown: str) -> Value:
    """Return what `left OPERATOR right` comes to; unknown, shown as `shown`, where that cannot be known."""
    operator = operator.lower().strip()
    name = re.sub(
        r"^-[ic](?=(eq|ne|gt|ge|lt|le|like|notlike|match|notmatch|contains|in|replace|split)$)", "-", operator
    )
    if name == "+":
        return _plus(left, right, shown)
    if name in ("-", "*", "/", "%"):
        return _arithmetic(name, left, right, shown)
    if name in ("-and", "-or", "-xor"):
        return _logical(name, truth(left), truth(right), shown)
    if name == "..":
        return _range(left, right, shown)
    if name == "-f":
        return formatted(left, items(right))
    if doubts(left) or doubts(right):
        return Unknown(shown, doubts(left) | doubts(right))
    return _compared(name, left, right, shown)


def unary(operator: str, value: Value, shown: str) -> Value:
    """Return what `OPERATOR value` comes to."""
    match operator.lower().strip():
        case "-not" | "!":
            seen = truth(value)
            return Unknown(shown, doubts(value)) if seen is None else not seen
        case "-":
            found = number(value)
            return Unknown(shown) if found is None else -found
        case ",":
            return [value]
        case "-join":
            return joined([text(item) for item in items(value)])
        case _:
            return value


def formatted(pattern: Value, given: list[Value]) -> str:
    """Return `pattern -f given`."""
    parts: list[str] = []
    at = 0
    whole = text(pattern)
    for found in re.finditer(r"\{\{|\}\}|\{(\d+)(?:,-?\d+)?(?::([^}]*))?\}", whole):
        parts.append(whole[at : found.start()])
        at = found.end()
        if found[1] is None:
            parts.append(found[0][0])
        elif int(found[1]) < len(given):
            parts.append(_placed(given[int(found[1])], found[2]))
    parts.append(whole[at:])
    if isinstance(pattern, Unknown):
        parts.append(Unknown("", pattern.names))
    return joined(parts)


def _placed(value: Value, form: str | None) -> str:
    digits = re.fullmatch(r"[dD](\d{1,2})|(0{1,99})", form or "")
    amount = number(value)
    if digits and amount is not None and not isinstance(value, Unknown):
        return f"{int(amount):0{int(digits[1] or len(digits[2]))}d}"
    if isinstance(value, DateTime) and form and re.fullmatch(r"[Hh]+:mm(:ss)?", form):
        return value.clock or Unknown("(Get-Date)")
    return text(value)


def _plus(left: Value, right: Value, shown: str) -> Value:
    if isinstance(left, list):
        return [*left, *items(right)]
    if isinstance(left, str) and not (isinstance(left, Unknown) and left.guess is not None):
        return joined([left, text(right)])
    if isinstance(left, Thing) and isinstance(right, Thing) and left.kind == right.kind == "table":
        return Thing("table", {**left.fields, **right.fields}, {**left.names, **right.names})
    if isinstance(left, DateTime) and (later := span(right)) is not None:
        return left.after(later)
    if isinstance(left, timedelta) and (more := span(right)) is not None:
        return left + more
    if left is None:
        return right
    return _arithmetic("+", left, right, shown)


def _arithmetic(operator: str, left: Value, right: Value, shown: str) -> Value:
    if operator == "*" and isinstance(left, str) and not isinstance(left, Unknown):
        times = number(right)
        return left * int(times) if times is not None and 0 <= times * len(left) < 10_000 else Unknown(shown)
    first, second = number(left), number(right)
    if first is None or second is None or (operator in "/%" and not second):
        return Unknown(shown, doubts(left) | doubts(right))
    result = {
        "+": lambda: first + second,
        "-": lambda: first - second,
        "*": lambda: first * second,
        "/": lambda: first / second,
        "%": lambda: first % second,
    }[operator]()
    missing = doubts(left) | doubts(right)
    return Unknown(shown, missing, result) if missing else result


def _logical(operator: str, left: bool | None, right: bool | None, shown: str) -> Value:
    if operator == "-and" and False in (left, right):
        return False
    if operator == "-or" and True in (left, right):
        return True
    if left is None or right is None:
        return Unknown(shown)
    return {"-and": left and right, "-or": left or right, "-xor": left != right}[operator]


def _range(left: Value, right: Value, shown: str) -> Value:
    first, last = number(left), number(right)
    if first is None or last is None or abs(last - first) > 10_000:
        return Unknown(shown)
    step = 1 if last >= first else -1
    return [float(each) for each in range(int(first), int(last) + step, step)]


def _compared(name: str, left: Value, right: Value, shown: str) -> Value:
    match name:
        case "-eq" | "-ne":
            return _equal(left, right) is (name == "-eq")
        case "-gt" | "-ge" | "-lt" | "-le":
            first, second = number(left), number(right)
            if first is None or second is None:
                return Unknown(shown)
            return {
                "-gt": first > second,
                "-ge": first >= second,
                "-lt": first < second,
                "-le": first <= second,
            }[name]
        case "-contains" | "-notcontains":
            return any(_equal(item, right) for item in items(left)) is (name == "-contains")
        case "-in" | "-notin":
            return any(_equal(item, left) for item in items(right)) is (name == "-in")
        case "-like" | "-notlike":
            wild = re.escape(text(right)).replace(r"\*", ".*").replace(r"\?", ".")
            return bool(re.fullmatch(wild, text(left), re.IGNORECASE | re.DOTALL)) is (name == "-like")
        case "-join":
            return joined([text(item) for item in items(left)], text(right))
        case "-as" | "-is":
            return left if name == "-as" else Unknown(shown)
        case "-split":
            return list(re.split(re.escape(text(right)), text(left)))
        case _:  # -match and -replace take .NET's regular expressions, which are not Python's
            return _replaced(left, right, shown) if name == "-replace" else Unknown(shown)


def _replaced(left: Value, right: Value, shown: str) -> Value:
    """`-replace` where its pattern is plain text, and so the same in every dialect."""
    given = [text(item) for item in items(right)]
    pattern = re.sub(r"\\([\\.$()\[\]])", r"\1", given[0]) if given else ""
    if (
        not given
        or re.search(r"[\^*+?{}|]|\\[a-zA-Z]", given[0])
        or re.search(r"(?<!\\)[.$()\[\]]", given[0])
    ):
        return Unknown(shown)
    return re.sub(
        re.escape(pattern), lambda _: given[1] if len(given) > 1 else "", text(left), flags=re.IGNORECASE
    )


def _equal(left: Value, right: Value) -> bool:
    left, right = known(left), known(right)
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    first, second = number(left), number(right)
    if first is not None and second is not None:
        return first == second
    if isinstance(left, list) and not isinstance(right, list):
        return any(_equal(item, right) for item in left)
    return bool(left == right)

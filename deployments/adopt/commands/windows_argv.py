"""Command lines as Windows programs split them: the rules of CommandLineToArgvW."""

from __future__ import annotations


def split(line: str) -> list[str]:
    """Given a command line, return its words.

    Quotes group; a backslash counts only before a quote, where two stand for one; a quote within
    quotes is written twice or after a backslash. Quotes left open end with the line.
    Source: Microsoft, "Parsing C++ command-line arguments".
    """
    words: list[str] = []
    word: list[str] = []
    started = quoted = False
    at = 0
    while at < len(line):
        char = line[at]
        if char == "\\":
            end = at
            while end < len(line) and line[end] == "\\":
                end += 1
            count = end - at
            before_quote = end < len(line) and line[end] == '"'
            word.append("\\" * (count // 2 if before_quote else count))
            if before_quote and count % 2:
                word.append('"')
                end += 1
            started, at = True, end
            continue
        if char == '"':
            if quoted and line[at + 1 : at + 2] == '"':
                word.append('"')
                at += 1
            else:
                quoted = not quoted
            started = True
        elif char in " \t\r\n" and not quoted:
            if started:
                words.append("".join(word))
                word, started = [], False
        else:
            word.append(char)
            started = True
        at += 1
    if started:
        words.append("".join(word))
    return words

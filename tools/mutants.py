# SPDX-License-Identifier: MIT
"""The faults that tools/mutate makes: one changed line each, found by tokens.

clang-format lays the sources out, which is what makes this reliable: a binary operator has a blank
on both sides, a template's bracket has none, and a short statement is one line.
"""

import dataclasses
import re

import house

SWAPS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
         "&&": "||", "||": "&&", "+": "-", "-": "+", "true": "false", "false": "true"}
OPERATOR = re.compile(r"(?<= )(==|!=|<=|>=|<|>|&&|\|\||\+|-)(?= )|\b(true|false)\b")
NUMBER = re.compile(r"(?<![\w.'])(0x[0-9a-fA-F]+|\d+)(?=(?:u|ul|s|ms|us|ns)?(?![\w.'\"]))")
CONDITION = re.compile(r"\bif \((?!constexpr)")
CODE = re.compile(r"\b(errc|verb)::(\w+)")
CODES = {"errc": ("errc::invalid_argument", "errc::closed"), "verb": ("verb::send", "verb::recv")}
STATEMENT = re.compile(
    r"^(\s+)(?!return\b|co_return\b|throw\b|delete\b|using\b|case\b|else\b|static_assert\b)"
    r"((?:co_await )?[\w:.\->*\[\]()]+\(.*\);|[\w.\->\[\]*]+ [+\-|&]?= .*;|(?:\+\+|--)[\w.\->]+;)$")
DECLARATION = re.compile(r"^\s+(?:[\w:<>,*&]+ )+[\w:]+\(")
RAW = re.compile(r'R"(\w*)\(.*?\)\1"', re.S)
TEXT = re.compile(r'"((?:\\.|[^"\\\n])*)"')
SKIPPED = re.compile(r"^\s*(#|//|static_assert|template|requires|concept|using|namespace|extern)"
                     r"|\boperator\b|\bnoexcept\(|^\s*(friend|explicit)\b")


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str
    line: int  # from 1
    old: str
    new: str

    def key(self):
        """What names it in the list of equivalent ones: a moved line keeps its name."""
        return self.path, self.old.strip(), self.new.strip()

    def diff(self):
        return f"{self.path}:{self.line}\n  - {self.old.strip()}\n  + {self.new.strip()}"


def _closing(text, at):
    """Where the bracket closes that opens at `at`; -1 on another line."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return -1


def _conditions(line, code):
    for found in CONDITION.finditer(code):
        start, end = found.end(), _closing(code, found.end() - 1)
        if end < 0 or re.search(r"\w [=] ", code[start:end]) and ";" not in code[start:end]:
            continue  # on several lines, or a declaration
        start = max(start, code.rfind("; ", start, end) + 2)
        yield f"{line[:start]}!({line[start:end]}){line[end:]}"


def _replaced(line, found, text):
    return line[:found.start()] + text + line[found.end():]


def of_line(line, code, before):
    """Every faulty form of a line. `code` is the line without strings and comments, each character
    at its place; `before` is the line in front."""
    if SKIPPED.search(code) or not code.strip():
        return
    yield from _conditions(line, code)
    for found in OPERATOR.finditer(code):
        yield _replaced(line, found, SWAPS[found.group()])
    for found in NUMBER.finditer(code):
        octal = re.fullmatch(r"0\d+", found.group())
        yield _replaced(line, found, str(int(found.group(), 8 if octal else 0) + 1))
    for found in CODE.finditer(code):
        first, second = CODES[found[1]]
        yield _replaced(line, found, second if found.group() == first else first)
    statement = STATEMENT.match(code)
    if statement and code.count("(") == code.count(")") and not DECLARATION.match(code) and \
            re.search(r"[;{}:)]\s*$|^\s*$|\belse$|^\s*//", before):
        yield statement[1] + "{}"
    for found in TEXT.finditer(line):
        if found[1] and code[found.start()] == '"':
            yield _replaced(line, found, '""')


def _code_lines(text):
    """The lines without comments, and with their strings emptied in place."""
    code = RAW.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), house.code_only(text))
    return TEXT.sub(lambda m: '"' + " " * len(m[1]) + '"', code).splitlines()


def of_file(path, only_lines=None):
    text = house.text(path)
    lines, code = text.splitlines(), _code_lines(text)
    found = []
    for i, line in enumerate(lines):
        if only_lines is None or i + 1 in only_lines:
            for new in of_line(line, code[i], code[i - 1] if i else ""):
                found.append(Mutant(path, i + 1, line, new))
    return found


def equivalent(path):
    """The listed ones: FILE, a line with `- ` and one with `+ `, under a reason with `#`."""
    listed, file, old = set(), None, None
    for line in house.text(path).splitlines():
        if line.startswith("- "):
            old = line[2:]
        elif line.startswith("+ "):
            listed.add((file, old, line[2:]))
        elif line and not line.startswith("#"):
            file = line
    return listed

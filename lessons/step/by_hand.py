"""The step as a quiz: the reader calculates, and what is typed is judged by its own digits.

A number is right if it is the value rounded to as many digits as were typed. At least two significant digits are asked for, or
the whole number where it has fewer. An answer that is off by one or two in its last digit was rounded on the way: that is said.
"""

from __future__ import annotations

import sys
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from itertools import groupby

from rich.console import Console

from lessons.step.groups import groups
from lessons.step.lines import Line, number
from lessons.step.network import Setting, Values
from lessons.step.table import given

DIGITS = 12
"""Significant digits of a value that are compared. Beyond them the computer's own rounding begins."""
LEAST = 2
"""Significant digits of an answer, at least."""
_CONTEXT = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)


def judged(typed: str, line: Line) -> tuple[bool, str]:
    """Whether an answer is right, and what is said of it.

    Raises ValueError, with what is wanted, where the answer is no number or has too few digits to tell.
    """
    try:
        answer = _CONTEXT.plus(Decimal(typed.strip().replace(",", ".").replace("\N{MINUS SIGN}", "-")))
    except InvalidOperation:
        raise ValueError("That is no number. Type one, such as -0.53; Enter alone shows the answer.") from None
    if not answer.is_finite():
        raise ValueError("Type a finite number, such as -0.53; Enter alone shows the answer.")
    value = _CONTEXT.create_decimal(repr(line.value))
    unit = Decimal(1).scaleb(int(answer.as_tuple().exponent))
    apart = abs(answer - value)
    exact = apart == 0
    if apart <= unit / 2:
        if not exact and len(answer.as_tuple().digits) < LEAST:
            raise ValueError(f"Not wrong, but too few digits to tell. Type {LEAST} significant digits at least.")
        return True, "Right." if exact else f"Right, rounded to that many digits: {number(line.value, 6)}."
    return False, f"{_hint(answer, unit, apart, line)} It is {number(line.value, 6)} = {line.numbers}"


def _hint(answer: Decimal, unit: Decimal, apart: Decimal, line: Line) -> str:
    """What went wrong, if the number shows it."""
    for wrong, words in (*line.mistakes, (-line.value, "The sign is wrong.")):
        if abs(answer - _CONTEXT.create_decimal(repr(float(wrong)))) <= unit / 2:
            return f"No. {words}"
    if apart <= 2 * unit and len(answer.as_tuple().digits) > LEAST:
        return "Nearly: the last digit is off. Keep more digits on the way."
    return "No."


def ask(setting: Setting, values: Values, console: Console) -> None:
    """Ask for each number in turn. Enter alone shows an answer. The end of input or Ctrl-C ends the quiz with the score."""

    def say(text: str = "") -> None:
        console.print(text, soft_wrap=True)

    for text in given(setting):
        say(text)
    say("\nType each number and Enter. The digits that you type decide: 0.46 is right for 0.4626, and 0.47 is not.")
    say("Calculate with at least one digit more than you type. Enter alone shows the answer; Ctrl-D or Ctrl-C ends.")
    right = asked = 0
    total = sum(len(group.lines) for group in groups(setting, values))
    try:
        for part, members in groupby(groups(setting, values), key=lambda group: group.part):
            say(f"\n{part}")
            for group in members:
                say(f"\n  {group.formula}      [{group.rule}]")
                for line in group.lines:
                    right += _one(line, console)
                    asked += 1
    except (EOFError, KeyboardInterrupt):
        say()
    say(f"\n{right} of {asked} right at the first try{'' if asked == total else f'; {total - asked} were not asked'}.")


def _one(line: Line, console: Console) -> bool:
    """Ask for one number until there is an answer that can be judged. Returns whether it is right."""
    while True:
        typed = console.input(f"    {line.name} = ")
        if not sys.stdin.isatty():  # nobody saw what a file or a pipe answered
            console.print(typed)
        if not typed.strip():
            console.print(f"      It is {number(line.value, 6)} = {line.numbers}", soft_wrap=True)
            return False
        try:
            right, words = judged(typed, line)
        except ValueError as wanted:
            console.print(f"      {wanted}", soft_wrap=True)
            continue
        console.print(f"      {words}", soft_wrap=True)
        return right

"""The reader guesses: which of two trainings has the mistake, and what the mistake is."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

import numpy as np

from lessons.broken.mistakes import Mistake

Ask = Callable[[str], str]
Say = Callable[[str], None]
CHOICES = 4


def order(seed: int) -> tuple[str, str]:
    """Which of A and B is right and which broken: ("right", "broken") or the other way round."""
    return ("right", "broken") if np.random.default_rng((9, seed)).integers(2) else ("broken", "right")


def choices(mistake: Mistake, others: Sequence[Mistake], seed: int) -> list[str]:
    """Up to four things that may be wrong, in words, in a random order. One of them is."""
    rng = np.random.default_rng((10, seed))
    wrong = sorted({other.words for other in others} - {mistake.words})
    picked = [wrong[i] for i in rng.permutation(len(wrong))[: CHOICES - 1]]
    words = [mistake.words, *picked]
    return [words[i] for i in rng.permutation(len(words))]


def guess(question: str, letters: Sequence[str], right: str, ask: Ask, say: Say) -> bool | None:
    """Ask until one of the letters comes, and say whether it is right. None if the reader skips by Enter."""
    while True:
        typed = ask(f"{question} ({', '.join(letters)}; Enter skips) ").strip().upper()
        if not typed:
            return None
        if typed in letters:
            break
        say(f"{typed!r} is none of {', '.join(letters)}.")
    say("Right." if typed == right else f"No: it is {right}.")
    return typed == right


def ask_both(mistake: Mistake, others: Sequence[Mistake], seed: int, ask: Ask, say: Say) -> None:
    """Both questions. The end of the input skips what is left."""
    try:
        broken = "AB"[order(seed).index("broken")]
        guess("Which of the two has the mistake?", ["A", "B"], broken, ask, say)
        words = choices(mistake, others, seed)
        if len(words) > 1:
            letters = list(string.ascii_uppercase[: len(words)])
            say("\n".join(["", *(f"  {letter}  {each}" for letter, each in zip(letters, words, strict=True))]))
            guess("What is wrong?", letters, letters[words.index(mistake.words)], ask, say)
    except EOFError:
        say("")

"""The text that the GPT learns from, and what it writes."""

from itertools import islice
from typing import Any

import numpy as np
import pytest

from conformance.recipes.gpt import CONTEXT, RECIPE, generate
from conformance.recipes.text import GENESIS, Text, genesis
from reference.models import gpt


def test_numbers_are_characters_and_back() -> None:
    text = GENESIS.read_text(encoding="ascii")
    tokens = genesis().encode(text)
    assert np.array_equal(tokens, np.concatenate([genesis().train, genesis().test]))
    assert genesis().decode(tokens) == text
    assert sorted(set(tokens)) == list(range(len(genesis().characters)))


def test_nothing_is_nothing() -> None:
    assert genesis().encode("").shape == (0,)
    assert genesis().decode(genesis().encode("")) == ""


def test_an_unknown_character_is_named() -> None:
    with pytest.raises(ValueError, match=r"^text has '#', '\xe9'; wanted characters among .*xyz"):
        genesis().encode("And # caf\xe9#")


def test_a_label_is_the_character_after_its_token() -> None:
    text = genesis().decode(genesis().train)
    for tokens, labels in islice(genesis().batches(4, 7), 20):
        assert tokens.shape == labels.shape == (4, 7)
        for piece, last in zip(tokens, labels[:, -1], strict=True):
            assert genesis().decode(np.append(piece, last)) in text
        assert np.array_equal(tokens[:, 1:], labels[:, :-1])


def test_every_piece_of_the_training_text_comes_up() -> None:
    text = Text("abcde", np.arange(5), np.arange(0))
    drawn = {int(tokens[0, 0]) for tokens, _ in islice(text.batches(1, 2), 100)}
    assert drawn == {0, 1, 2}  # the last piece is 2, 3 with 4 as its last label


def test_batches_are_the_same_each_time() -> None:
    first, second = (list(islice(genesis().batches(3, 5), 4)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(first[0], first[1])


def test_the_unseen_text_is_read_once_and_in_order() -> None:
    test = genesis().test
    tokens, labels = genesis().unseen(CONTEXT)
    assert tokens.shape == labels.shape == ((len(test) - 1) // CONTEXT, CONTEXT)
    assert np.array_equal(tokens.ravel(), test[: tokens.size])
    assert np.array_equal(labels.ravel(), test[1 : tokens.size + 1])


PARAMS = RECIPE.start()[0]


def written(seed: int = 0, prompt: str = "And God ", n: int = 50, **options: Any) -> str:
    return generate(PARAMS, prompt, n, np.random.default_rng(seed), **options)


def test_a_seed_decides_what_is_written() -> None:
    assert written(seed=0) == written(seed=0)
    assert written(seed=0) != written(seed=1)


@pytest.mark.parametrize("prompt", ["A", "And God ", "And God said, Let there be light: and there was light"])
def test_n_characters_follow_the_prompt(prompt: str) -> None:
    for n in (0, 1, CONTEXT + 3):
        assert written(prompt=prompt, n=n).startswith(prompt)
        assert len(written(prompt=prompt, n=n)) == len(prompt) + n
    assert len(prompt) <= CONTEXT or written(prompt=prompt)[len(prompt) :] == written(prompt=prompt[-CONTEXT:])[CONTEXT:]


def test_near_temperature_zero_the_likeliest_is_written() -> None:
    tokens = list(genesis().encode("And God "))
    for _ in range(40):
        logits = gpt.predict(PARAMS, np.array([tokens[-CONTEXT:]]), **RECIPE.config)
        tokens.append(int(logits[0, -1].argmax()))
    for seed in range(3):
        assert written(seed=seed, n=40, temperature=2.0**-40) == genesis().decode(np.array(tokens))


def test_characters_are_drawn_as_often_as_the_network_says() -> None:
    logits = gpt.predict(PARAMS, genesis().encode("And")[None], **RECIPE.config)[0, -1]
    rng, draws = np.random.default_rng(0), 2000
    for temperature in (0.5, 2.0):
        p = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        last = np.array([genesis().encode(generate(PARAMS, "And", 1, rng, temperature=temperature)[-1])[0] for _ in range(draws)])
        # Five standard deviations of a count, and one more for characters that hardly ever come.
        seen = np.bincount(last, minlength=len(p))
        assert np.all(np.abs(seen - draws * p) < 5 * np.sqrt(draws * p * (1 - p)) + 1)


def test_the_recipe_shows_what_was_learned() -> None:
    assert RECIPE.sample is not None
    text = RECIPE.sample({name: value.astype(np.float32) for name, value in PARAMS.items()}, {})
    assert text.startswith("And God ")
    assert len(text) == len("And God ") + 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompt": ""}, "prompt is empty; wanted at least one character"),
        ({"prompt": "@"}, "text has '@'; wanted characters among"),
        ({"n": -1}, "n is -1; wanted 0 or more"),
        ({"temperature": 0.0}, "temperature is 0.0; wanted a finite number above 0"),
        ({"temperature": -1.0}, "temperature is -1.0; wanted a finite number above 0"),
        ({"temperature": float("nan")}, "temperature is nan; wanted a finite number above 0"),
        ({"temperature": float("inf")}, "temperature is inf; wanted a finite number above 0"),
    ],
)
def test_bad_requests_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        written(**options)

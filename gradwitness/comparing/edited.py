"""What is tried in the source of a user's function: another axis, a sign, a transpose, an order, as they are mistaken in ports.

The edits are those by which a wrong backward is explained; here they are made where values are computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from gradwitness.arrays import Array
from gradwitness.comparing.numbers import numbers_of
from gradwitness.comparing.sides import Side
from gradwitness.comparing.trial import Trial, is_fine
from gradwitness.diagnosis.edits.editing import Editing
from gradwitness.diagnosis.edits.names import shapes_in, shapes_of
from gradwitness.diagnosis.edits.rules import OTHERS, SIMPLE
from gradwitness.diagnosis.edits.running import watched
from gradwitness.diagnosis.edits.sites import sites
from gradwitness.diagnosis.edits.source import source_of
from gradwitness.diagnosis.edits.telling import changed, place
from gradwitness.diagnosis.edits.variables import Variables


def edited(side: Side, others: Sequence[Side], wanted: Sequence[Array], *, exact: bool = True) -> Iterator[Trial]:
    """One edit of one of the user's functions that run, the simplest kinds first.

    others   the functions that it should agree with
    wanted   what they return
    exact    whether it runs in float64
    """
    epsilons = [number for number in numbers_of([side.function, *(other.function for other in others)]) if is_fine(number)]
    with side.changed({}, rewritten=True):
        runs = watched(lambda: side.run(None, None, exact))
    places = []
    for code, run in reversed(runs.items()):  # what is called last comes first
        source = source_of(code, list(runs))
        if source is not None:
            shapes = [*shapes_in(run.returned), *(value.shape for value in wanted)]
            names = {*run.values, *source.globals}
            variables = Variables(shapes_of(source.inner, run.values), epsilons, list(dict.fromkeys(shapes)), names)
            places.append((source, variables, list(sites(source.inner, run.lines))))
    for rule in (*SIMPLE, *OTHERS):
        for source, variables, found in places:
            for edit in (edit for site in found for edit in rule(source, variables, site)):
                if (new := Editing.code(source, edit)) is not None:
                    put = tuple((function, "__code__", new) for function in source.functions)
                    yield Trial(f"with {place(source, edit)} otherwise,", put, lines=partial(changed, edit))

"""What `python -m lessons.broken` prints."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from conformance.learning.task import STEPS, TENTH
from gradwitness import Report
from gradwitness.arrays import Array
from lessons.broken.experiment import Experiment

VERDICTS = {True: "wrong", False: "right"}


def introduction(experiment: Experiment) -> list[str]:
    """What is trained, and how."""
    task, where = experiment.target.task.words, experiment.target.where
    return [
        f"Training: {task}. {STEPS} steps of gradient descent at the rate {experiment.rate:g}. Twice, from the same start on the",
        f"same data: once as it is, and once with a mistake planted in {where}. What forward returns is the same.",
    ]


def losses(columns: Mapping[str, Array]) -> Table:
    """The mean loss of each tenth of the steps."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("steps", justify="right")
    for name in columns:
        table.add_column(name, justify="right")
    for start in range(0, STEPS, TENTH):
        values = (number(column[start : start + TENTH].mean()) for column in columns.values())
        table.add_row(f"{start} to {start + TENTH - 1}", *values)
    return table


def number(loss: float) -> str:
    """A loss as it is shown."""
    return f"{loss:.4f}" if not abs(loss) < 0.001 else f"{loss:.1e}"


def judges(experiment: Experiment) -> Table:
    """What each judge says of the broken gradient, and of the right one."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("who", "asks", "of the broken one", "of the right one"):
        table.add_column(name)
    broken, right = experiment.said["broken"], experiment.said["right"]
    down = "raises" if experiment.raised else "goes down" if experiment.down else "does not go down"
    low = "raises" if experiment.raised else "as low" if experiment.as_low else "not as low"
    table.add_row("the loss", "does it go down?", down, "goes down")
    table.add_row("", f"as low as one of {len(experiment.right)} right runs?", low, "as low")
    of_thumb = VERDICTS[broken["thumb"].wrong], VERDICTS[right["thumb"].wrong]
    table.add_row("a rule of thumb", "relative error below 1e-7?", *of_thumb)
    rule = "within 1e-5 + 0.001 of it?"
    table.add_row("gradcheck's rule", rule, VERDICTS[broken["gradcheck"].wrong], VERDICTS[right["gradcheck"].wrong])
    table.add_row(
        "gradwitness.check", "within rounding?", experiment.reports["broken"].verdict, experiment.reports["right"].verdict
    )
    return table


def details(experiment: Experiment) -> list[str]:
    """What each judge says, one paragraph each."""
    first, last = experiment.course
    low, high = experiment.ends
    said = experiment.said["broken"]
    if experiment.raised:
        loss = f"The training raises {experiment.raised}."
    else:
        seen = "goes down: who looks at it alone notices nothing" if experiment.down else "does not go down: that is seen"
        loss = f"The loss {seen}. Its mean over the first {TENTH} steps is {number(first)}, over the last {number(last)}."
        loss += f" Right runs, from {len(experiment.right)} seeds, end at {number(low)} to {number(high)}."
        if experiment.same:
            loss += (
                " This is the right training bit for bit: it does not use the gradient that is wrong, or only where it is right."
            )
    return [
        loss,
        f"Rule of thumb (central differences, h = 1e-5): {said['thumb'].words}.",
        f"gradcheck's rule (the whole Jacobian, h = 1e-6): {said['gradcheck'].words}.",
        f"gradwitness.check: {told(experiment.reports['broken'])}",
        *_false_alarms(experiment),
    ]


def _false_alarms(experiment: Experiment) -> list[str]:
    said = experiment.said["right"]
    names = {"thumb": "the rule of thumb", "gradcheck": "gradcheck's rule"}
    return [f"A false alarm: {names[key]} calls the right one wrong, {each.words}." for key, each in said.items() if each.wrong]


def told(report: Report) -> str:
    """What a report says first of what is wrong, and the mistake that it names."""
    wrong = [finding for finding in report if finding.verdict == "wrong"]
    if not wrong:
        return f"{report.verdict}."
    first = next((finding for finding in wrong if finding.explanation), wrong[0])
    count = f"{first.wrong} of {first.of} elements. " if first.of else ""
    text = f"{first.about} is wrong: {count}{first.explanation or first.message}"
    return text if "\n" in text or text.endswith(".") else f"{text}."


def show(experiment: Experiment, console: Console) -> None:
    """Print the mistake, the judges, and what they say."""
    mistake = experiment.mistake
    console.print(f"The mistake: {mistake.words}. {mistake.diff}\n", soft_wrap=True)
    console.print(judges(experiment))
    for paragraph in details(experiment):
        console.print(paragraph, end="\n\n", soft_wrap="\n" in paragraph)

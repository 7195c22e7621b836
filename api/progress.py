"""The progress of long work, on standard error."""

import time

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Shown:
    """On a terminal, a bar from ``patience`` seconds after ``begin``; otherwise a line every ``interval`` seconds."""

    def __init__(self, begin: float, patience: float, interval: float) -> None:
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._begin = self._told = begin
        self._patience = patience
        self._interval = interval

    def report(self, stage: str, done: int, total: int | None) -> None:
        """Note the progress of a stage, and show it when it is due."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=total)
        self._bar.update(self._tasks[stage], completed=done, total=total)
        now = time.monotonic()
        if self._console.is_terminal and now - self._begin >= self._patience:
            self._bar.start()
        elif not self._console.is_terminal and now - self._told >= self._interval:
            self._told = now
            click.echo(_line(self._bar.tasks[-1]), err=True)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar.live.is_started:
            self._bar.stop()


class _Rate(ProgressColumn):
    """Items per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _line(task: Task) -> str:
    """A task's progress as a line."""
    if task.total is None:
        return str(task.description)
    rate = f", {task.speed:,.0f}/s" if task.speed else ""
    left = f", about {task.time_remaining:.0f} s left" if task.time_remaining else ""
    return f"{task.description}: {task.completed:,.0f} of {task.total:,.0f}{rate}{left}"

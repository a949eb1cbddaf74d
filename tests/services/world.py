"""An Airflow of many processes, the servers that it stands on, and the stand-in that counts what was bought."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg2
import requests

from tools.postgres import Postgres
from tools.processes import title, until
from tools.redis import Redis
from tools.rest import FINISHED, DagRun
from tools.stack import AirflowStack
from topview_provider.standin import media
from topview_provider.standin.server import StandIn

SEASONS = ("spring", "summer", "autumn")
FAMILY = "marketing_video"
LONG = 36_000.0
"""Mean seconds of a job on the stand-in's clock: no job ends before that clock is put forward."""
SPREAD = 30
"""Seconds within which all jobs end, once they may."""
VIDEO = (media.FILES / media.SAMPLES["mp4"]).read_bytes()
"""What the stand-in makes of everything."""
HOLDERS = "select count(distinct triggerer_id) from trigger"
RUNNING = "airflow worker -- "
"""How the process of a task calls itself, before the task's id."""


class World:
    """
    Start the seasons, let processes die, and count.

    :param stack: Airflow.
    :param topview: Where its tasks are bought.
    :param postgres: Where Airflow's metadata and Celery's results are.
    :param redis: Where Celery's messages are.
    :param folder: Where the videos land.
    :param videos: Of each season.
    """

    def __init__(
        self, stack: AirflowStack, topview: StandIn, postgres: Postgres, redis: Redis, folder: Path, videos: int
    ) -> None:
        self.stack = stack
        self.topview = topview
        self.postgres = postgres
        self.servers = {"PostgreSQL": postgres, "Redis": redis}
        self.folder = folder
        self.total = videos * len(SEASONS)
        self.runs: list[DagRun] = []
        self.kills: dict[str, int] = {}
        """Who died, and how many videos waited at that moment."""
        self.torn: dict[str, int] = {}
        """Who died, and how many tasks it was running at that moment."""
        self.began = time.monotonic()

    def say(self, words: str) -> None:
        """Print a line with the time since the beginning."""
        print(f"{time.monotonic() - self.began:5.0f} s  {words}", flush=True)

    def rehearse(self) -> None:
        """
        Run a task in every slot that costs nothing.

        Until its first task a process may need as long as a silence lasts after which it is taken for dead.
        """
        self.stack.api.wait_for_dags({*SEASONS, "rehearsal"}, limit=120)
        run = self.stack.api.trigger("rehearsal")
        self.wait(lambda: run.state() in FINISHED, limit=180, what="everybody has had a task")

    def begin(self) -> None:
        """Start a run of each season."""
        self.runs = [self.stack.api.trigger(season) for season in SEASONS]

    def wait(self, condition: Callable[[], bool], *, limit: float, what: str) -> None:
        """Wait for a condition, and meanwhile start again what ended, as an init system does."""

        def ready() -> bool:
            for name in self.stack.revive():
                self.say(f"{name} had ended and was started again")
            try:
                return condition()
            except requests.RequestException:
                return False  # the API server finds its database again, too

        until(ready, limit=limit, what=what, pause=1)
        self.say(what)

    def kill(self, name: str) -> None:
        """Kill every process of a component, running tasks included, and start it again."""
        self.stack.kill(name, signal.SIGSTOP)  # what it runs now does not end before it is counted and killed
        tasks, waiting = len(self.tasks_of(name)), self.count("deferred")
        self.stack.kill(name)
        self.stack.launch(name)
        self.kills[name], self.torn[name] = waiting, tasks
        self.say(f"SIGKILL of {name} and of {tasks} tasks that it ran, while {waiting} videos are deferred")

    def restart(self, name: str) -> None:
        """Restart a server, with what it has stored."""
        waiting = self.count("deferred")
        self.servers[name].restart()
        self.kills[name] = waiting
        self.say(f"restart of {name}, while {waiting} videos are deferred")

    def tasks_of(self, name: str) -> list[int]:
        """Return the processes of the tasks that a worker runs."""
        return [pid for pid in self.stack.services[name].pids() if title(pid).startswith(RUNNING)]

    def count(self, state: str) -> int:
        """Return how many videos are in a state of Airflow's."""
        answer = self.stack.api.get("/dags/~/dagRuns/~/taskInstances", task_id="video", state=state, limit=1)
        return int(answer["total_entries"])

    def half_way(self) -> bool:
        """Whether every second video is waited for; the others are still to be bought."""
        return self.count("deferred") >= self.total / 2

    def shared_out(self) -> bool:
        """Whether all videos are waited for, and each triggerer waits for some of them."""
        return self.count("deferred") == self.total and self.ask_database(HOLDERS) == 2

    def ask_database(self, question: str) -> float:
        """Ask Airflow's database for a number."""
        client = psycopg2.connect(user="airflow", dbname="postgres", host=str(self.postgres.folder))
        with contextlib.closing(client), client.cursor() as cursor:
            cursor.execute(question)
            return float(cursor.fetchone()[0])

    def tell_database(self, statements: str) -> None:
        """Change Airflow's database."""
        client = psycopg2.connect(user="airflow", dbname="postgres", host=str(self.postgres.folder))
        with contextlib.closing(client), client, client.cursor() as cursor:
            cursor.execute(statements)

    def finished(self) -> bool:
        """Whether all seasons have come to an end."""
        return all(run.state() in FINISHED for run in self.runs)

    def figures(self) -> dict[str, int]:
        """Return what TopView counted, and what landed; lost is what was not bought, or did not land as its product."""
        jobs, seen = self.topview.jobs(), self.topview.stats(FAMILY)
        bought = Counter(str(job["body"]["productName"]) for job in jobs)
        named = {f"{job['body']['productName']}.{job['topview_task_id']}" for job in jobs}
        landed = {path.stem for path in self.folder.glob("*.mp4") if path.read_bytes() == VIDEO}
        return {
            "submits": int(seen["received"]),
            "accepted": int(seen["accepted"]),
            "landed": len(landed),
            "lost": self.total - len(bought) + len(named - landed),
            "doubled": sum(times > 1 for times in bought.values()),
        }

    def polled_since(self, moment: float) -> bool:
        """Whether TopView was asked for every video after a moment."""
        entries = (entry for entry in self.topview.requests() if entry["time"] > moment)
        asked = {entry["query"].get("taskId") for entry in entries}
        return {job["topview_task_id"] for job in self.topview.jobs()} <= asked

    def let_jobs_end(self, victim: str) -> None:
        """Let the jobs end, one after the other, and kill a worker as soon as it is about to land some of them."""
        self.topview.advance(LONG / 2)
        for _ in range(SPREAD):
            self.topview.advance(LONG / SPREAD)
            if victim not in self.kills and len(self.tasks_of(victim)) > 1:
                self.kill(victim)
            time.sleep(1)
        self.say("all jobs are done at TopView")

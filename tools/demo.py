"""
``make demo``: a product link becomes a video file, through a real Airflow.

Variables: ``KEEP=1`` leaves the UI up until Ctrl-C; ``LINK=`` is the product page; ``REAL=1`` asks the real service
with ``TOPVIEW_UID`` and ``TOPVIEW_API_KEY`` (``YES=1`` answers the question, ``TOPVIEW_HOST`` is another base URL).
Without ``REAL=1`` a stand-in service plays TopView, and the two variables are ignored.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import requests

from tools.processes import Service, signals_unwind, stop_all, undisturbed, until
from tools.rest import DagRun, TaskState
from tools.settings import ROOT, clean_environment
from tools.stack import AirflowStack
from topview_provider import catalog

DAG_ID = "topview_marketing_video"
FAMILY = catalog.family("marketing_video")
FOLDER = ROOT / ".demo"
DEMO_LINK = "https://shop.example.com/products/blue-mug"
STANDIN = (sys.executable, "-P", "-m", "topview_provider.standin")
REMAINING = """
import sys
from topview_provider.exceptions import TopviewError
from topview_provider.hooks.topview import TopviewHook
try:
    print(f"{TopviewHook().credits():g}")
except TopviewError as error:
    sys.exit(str(error))
"""
REMIND_SECONDS = 10.0


class Stopped(Exception):
    """Say why the demo did not begin."""


def wanted(name: str) -> bool:
    """
    Whether a switch is on.

    :param name: Environment variable.
    """
    return os.environ.get(name, "").lower() not in {"", "0", "no", "false"}


def new_home() -> Path:
    """Return a fresh AIRFLOW_HOME; those of demos that have ended are removed, the last one stays for its logs."""
    for old in FOLDER.glob("airflow-*"):
        with contextlib.suppress(ValueError, PermissionError):
            try:
                os.kill(int(old.name.removeprefix("airflow-")), 0)
            except ProcessLookupError:
                shutil.rmtree(old, ignore_errors=True)
    home = FOLDER / f"airflow-{os.getpid()}"
    shutil.rmtree(home, ignore_errors=True)
    return home


def connection(host: str, uid: str, key: str, **extra: float) -> tuple[str, dict[str, str]]:
    """
    Return the base URL and the environment that holds the connection.

    :param host: Base URL.
    :param uid: Topview-Uid.
    :param key: API key.
    :param extra: Of the connection.
    """
    fields = {"conn_type": "topview", "host": host, "login": uid, "password": key, "extra": extra}
    return host, {"AIRFLOW_CONN_TOPVIEW_DEFAULT": json.dumps(fields)}


@contextlib.contextmanager
def standin(logs: Path, program: Sequence[str] = STANDIN) -> Iterator[tuple[str, dict[str, str]]]:
    """
    Run a stand-in service and yield its connection.

    :param logs: Folder of its log.
    :param program: How it is started; options are added.
    """
    uid, key = "demo-uid", secrets.token_hex(16)
    options = ["--port", "0", "--seconds", "8", "--uid", uid, "--api-key", key]
    command = [*program, *options]
    service = Service("standin", command, env=clean_environment(), mark=secrets.token_hex(8), logs=logs)

    def address() -> str:
        text = service.log.read_text()
        if not service.alive:
            raise RuntimeError(f"the stand-in has ended:\n{text}")
        return text.partition("\n")[0] if "\n" in text else ""

    try:
        service.start()
        host = until(address, limit=30, what="address of the stand-in")
        print(f"stand-in: {host}", flush=True)
        yield connection(host, uid, key, poll_interval=1)  # its jobs take seconds
    finally:
        with undisturbed():
            stop_all([service])


@contextlib.contextmanager
def real_service() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the connection to the real service."""
    uid, key = os.environ.get("TOPVIEW_UID", ""), os.environ.get("TOPVIEW_API_KEY", "")
    if not (uid and key and os.environ.get("LINK")):
        raise Stopped("REAL=1 needs TOPVIEW_UID, TOPVIEW_API_KEY and LINK=<product page>; nothing was sent")
    yield connection(os.environ.get("TOPVIEW_HOST") or "https://api.topview.ai", uid, key)


def confirm(stack: AirflowStack, conf: dict[str, str], host: str) -> None:
    """
    Say what will be sent and what it costs, and ask for a yes.

    :param stack: A running Airflow.
    :param conf: Params of the run.
    :param host: Base URL.
    :raises Stopped: The answer is not yes.
    """
    stack.api.wait_for_dag(DAG_ID)
    defaults = stack.api.get(f"/dags/{DAG_ID}/details")["params"]
    params = {**{name: param["value"] for name, param in defaults.items()}, **conf}
    print(f"to send: POST {host}{FAMILY.submit}, once, with")
    for name, value in params.items():
        if value not in (None, "", []) and name != "folder":
            print(f"         {name} = {value}")
    print(f"credits it costs: {FAMILY.price}")
    if not wanted("YES"):
        print("send it? (yes/no) ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise Stopped("nothing was sent")


def remaining_credits(stack: AirflowStack) -> str:
    """
    Ask through the provider's own hook, which is free.

    :param stack: Its connection is used; it need not run.
    """
    return stack.run(sys.executable, "-P", "-c", REMAINING).split()[-1]


class Progress:
    """
    Print each change of a task, and what lasts from time to time.

    :param stack: Its components must live meanwhile.
    """

    def __init__(self, stack: AirflowStack) -> None:
        self.stack = stack
        self.began = time.monotonic()
        self.since: dict[str, tuple[TaskState, float]] = {}
        self.printed = self.began

    def __call__(self, tasks: list[TaskState]) -> None:
        """
        Look at all tasks.

        :param tasks: Their states.
        """
        self.stack.check_alive()
        now = time.monotonic()
        for task in tasks:
            before, since = self.since.get(task.name, (None, now))
            if task != before:
                self.since[task.name] = (task, now)
                if task.state != "none":
                    self.say(task, "")
            elif task.state in {"running", "deferred"} and now - self.printed >= REMIND_SECONDS:
                self.say(task, f" for {now - since:.0f} s")

    def say(self, task: TaskState, rest: str) -> None:
        """
        Print one line.

        :param task: The task.
        :param rest: Added to its state.
        """
        self.printed = time.monotonic()
        attempt = f" (try {task.try_number})" if task.try_number > 1 else ""
        print(f"{self.printed - self.began:5.0f} s  {task.name}: {task.state}{rest}{attempt}", flush=True)


def run_dag(stack: AirflowStack, conf: dict[str, str], *, limit: float) -> DagRun:
    """
    Trigger the DAG and wait for its end.

    :param stack: A running Airflow.
    :param conf: Params of the run.
    :param limit: Seconds.
    :raises RuntimeError: The run failed; the failing tasks' logs have been printed.
    """
    stack.api.wait_for_dag(DAG_ID)
    stack.api.unpause(DAG_ID)
    run = stack.api.trigger(DAG_ID, conf)
    print(f"run: {stack.url}/dags/{DAG_ID}/runs/{run.run_id}")
    if run.wait(limit=limit, progress=Progress(stack)) != "success":
        for task in run.tasks():
            if task.state == "failed":
                log = run.log(task.task_id, try_number=task.try_number, map_index=task.map_index)
                lines = [line for line in log.splitlines() if "group::" not in line]
                print(f"--- log of {task.name}, try {task.try_number}", *lines[-40:], sep="\n")
        raise RuntimeError(f"the run failed; logs: {stack.logs}")
    return run


def show(stack: AirflowStack, run: DagRun) -> None:
    """
    Print the result.

    :param stack: A running Airflow.
    :param run: A run that succeeded.
    :raises RuntimeError: There is no file.
    """
    video = Path(str(run.xcom("download")).removeprefix("file://"))
    if not video.is_file() or not video.stat().st_size:
        raise RuntimeError(f"no video at {video}")
    remaining = remaining_credits(stack)
    print(f"video: {video}")
    print(f"credits: {remaining}", flush=True)


def keep(stack: AirflowStack) -> None:
    """
    Leave everything up until Ctrl-C.

    :param stack: A running Airflow.
    """
    print(f"UI: {stack.url} (login: none needed, every visitor is admin; Ctrl-C ends it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def demo() -> None:
    """Run the demo."""
    real, home = wanted("REAL"), new_home()
    conf = {"product_link": os.environ.get("LINK") or DEMO_LINK, "folder": (FOLDER / "videos").as_uri()}
    with real_service() if real else standin(home / "logs") as host_and_env:
        host, env = host_and_env
        stack = AirflowStack(home, ROOT / "dags", env=env)
        if real:
            print(f"{host}: {remaining_credits(stack)} credits remain")
        print("Airflow is starting", flush=True)
        began = time.monotonic()
        with stack:
            print(f"Airflow: {stack.url}, healthy after {time.monotonic() - began:.0f} s", flush=True)
            if real:
                confirm(stack, conf, host)
            try:
                show(stack, run_dag(stack, conf, limit=FAMILY.timeout_seconds + 600 if real else 240))
            finally:
                if wanted("KEEP") and not isinstance(sys.exception(), (KeyboardInterrupt, SystemExit)):
                    keep(stack)


def main() -> int:
    """Run the demo and return its exit code."""
    # A shell starts background jobs of a script with Ctrl-C ignored, and we would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with signals_unwind():
        try:
            demo()
        except KeyboardInterrupt:
            print("stopped; nothing is left running", file=sys.stderr)
            return 128 + signal.SIGINT
        except Stopped as reason:
            print(reason, file=sys.stderr)
            return 2
        except (RuntimeError, TimeoutError, requests.RequestException) as error:
            print(f"demo failed: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

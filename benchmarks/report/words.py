"""The words of the document; it has no figure of its own."""

from __future__ import annotations

INTRODUCTION = """# Performance

What waiting, moving files and loading cost, beside the deferrable triggers of five official providers (the *peers*) and
beside *bare* clients, which ask and check nothing. A raw socket is a yardstick, not a limit: who reads in other pieces
than it does may be faster. The figures are those of one machine, which others may have used too: read the ratios.

`make bench` measures everything on this page in one run and writes it, in about 25 minutes; `make bench-full` adds
sizes and a slow service, and takes some hours. Both build an environment of their own in `build/bench-venv`, for the
peers bring a hundred packages. The real triggerer is measured on PostgreSQL too where its server programs are installed
(Debian: `postgresql`).

A *room* is a module of our operators. The *law* of a kind of task says which share of its tasks takes how long, and
*spread* how much they differ: the standard deviation of the logarithm of their durations."""

TRIAL = """**This page was written by a trial run of the smallest size. Its figures mean nothing; they show the shape of
the page until `make bench` writes the real ones.**"""

METHODS = {
    "waiting": """One event loop in a process of its own, N triggers driven as the triggerer drives them, against a
service in another process that answers "running" for a while and then "success". Burst: all start at once and poll
every second, three polls find the job running (one, for triggers that block the loop). Steady: the starts are spread
evenly over 5 s, each polls once more 5 s later. Parked: each has polled at least once and waits, up to 10 s. Ours
begins at a random point of its first interval by itself, so that a burst of ours is spread over its first second; the
bare clients and the peers are not. Libraries are loaded and the connection has been used once before the clock starts.
CPU is that of the whole process. Memory is resident, beyond that of the process before the triggers are built: at its
peak in bursts and steady polling, at rest when parked. The worst stall is the longest time for which the loop looked
after nobody. Figures are medians, *runs* says of how many. Each run is checked: every job reported done, and just as
many polls of each as its schedule asks for. Requests per second are not limited (`max_rps: 0`), certificates are
checked against a private authority. dbt Cloud speaks https only; for plain HTTP its scheme is changed, nothing else.
Databricks polls once more after the end.""",
    "asking": """Simulated: 20 families of tasks with medians from 2 to 15 minutes, durations log-normal. Each cell
holds the mean delay in seconds with which an end is noticed, the mean number of polls per task, and their product as a
multiple of the least that any policy can reach when it knows the law: half the square of the mean integral of
sqrt(S f), S the share that still runs, f the density of the ends. Before anything is learnt, what a family is expected
to take is wrong by up to half.""",
    "imports": """Beyond `airflow.sdk` and the base classes of operators, hooks and triggers, in a child of a
process that has loaded nothing else. Memory is what belongs to no file. A DAG file is parsed by Airflow's own loader in
a fresh process; the first time includes the import of its rooms. Figures are medians.""",
    "files": """One file of {megabytes} MB over loopback, to and from a file system in memory where the machine has one.
What arrives is compared with what was sent. The hook's calls before and after an upload are included.""",
    "faults": """A job runs well while its service fails; each trigger has its own service. It polls every 0.25 s, may
take 14 s, and gives a request 2 s; each setting is given to those that take it. *survived*: the job was reported done
when it was; *failed*: an error, though the job was fine; *wrong*: reported done before it was; *hang*: no end within
22 s; *hot loop*: no end either, and polls without pause. Bold is what should not be: the job should be reported
done, but where answers drip without end, and where the service says 401 or 404 for good, an error is right.""",
    "triggerer": """`airflow triggerer` itself; tasks are deferred in its database, 50 about every second, each polling
every 10 s. Seconds until all have polled once, then CPU and memory of all its processes. It is checked that those that
poll did so as often as the pace asks for.""",
}
PLOTS = {
    "cpu": "CPU per poll in a burst",
    "memory": "Memory per parked trigger",
    "stall": "Worst stall of the event loop",
    "asking": "Delay and polls of each policy",
}
TRIGGERS = {
    "burst": "Burst",
    "steady": "Steady",
    "park": "Parked",
    "sleep": "sleeps only",
    "aiohttp": "polls over one shared session, checks nothing",
    "ours": "`TopviewTaskTrigger`",
}
FILES = {"ours": "`TopviewMarketingVideoOperator`", "empty": "`EmptyOperator`"}
WAYS = {
    "raw_down": "down: raw socket",
    "hook_down": "down: our hook",
    "hook_down_proved": "down: our hook, the storage names an MD5",
    "raw_up": "up: raw socket",
    "hook_up": "up: our hook",
    "object_storage": "`ObjectStoragePath.copy`",
    "copy": "`shutil.copyfile`",
}

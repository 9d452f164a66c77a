# SPDX-License-Identifier: Apache-2.0
"""What clients are seen to do in which kind of exec, as a table of its own for each root."""
import re

from support.clients import CLIENTS, GO, driver, outputs

# Every strategy but the variables: what a client reads that nobody tells where to look.
STORES = "drop-in,native,helper,append,create,mask,java"

COLUMNS = {
    "off, before": ("--ca", "off"),
    "root": ("--ca", "on"),
    "nobody": ("--ca", "on", "--user", "65534:65534"),
    "root, ro": ("--ca", "on", "--read-only"),
    "nobody, ro": ("--ca", "on", "--read-only", "--user", "65534:65534"),
    "no variables": ("--ca", "on", "--ca-strategies", STORES),
    "off, after": ("--ca", "off"),
}

TABLES = {}  # title -> {client -> {column -> what it was seen to do}}


def expected(name: str, column: str) -> str:
    client = CLIENTS[name]
    if column.startswith("off") or client.gap:
        return "refuses"
    return "refuses" if client.needs_variables and column == "no variables" else "trusts"


def seen(name: str, output: str) -> str:
    client = CLIENTS[name]
    if client.prints in output:
        return "trusts"
    return "refuses" if re.search(client.refuses, output) else "fails:\n" + output[-2000:]


def run_all(daemon, url: str, names, *options) -> dict:
    """All of them in one exec: name -> what it was seen to do"""
    host = url.removeprefix("https://").rstrip("/")
    done = daemon.ctl("run", *options, "--env", f"URL={url}", "--env", f"HOST={host}",
                      "sh", "-c", driver(names))
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: seen(name, output) for name, output in outputs(names, done.stdout).items()}


def run_alone(daemon, url: str, program: str, *options) -> dict:
    """The static client, in a root that has no shell."""
    done = daemon.ctl("run", *options, program, url)
    return {GO: seen(GO, done.stdout + done.stderr)}


def add(title: str, column: str, row: dict):
    for name, what in row.items():
        TABLES.setdefault(title, {}).setdefault(name, {})[column] = what


def wrong(title: str, expect=expected) -> list:
    """One sentence a cell that isn't as expected."""
    return [f"{title}: {name}, {column}: {expect(name, column)} is expected, and it {what}"
            for name, row in TABLES[title].items() for column, what in row.items()
            if what != expect(name, column)]


def lines() -> list:
    """All tables, for people."""
    width = max(len(name) for table in TABLES.values() for name in table)
    found = []
    for title, table in TABLES.items():
        found += ["", title.ljust(width) + "".join(f"  {c:<12}" for c in COLUMNS)]
        for name, row in table.items():
            cells = (row.get(column, "-").split(":")[0] for column in COLUMNS)
            found.append(name.ljust(width) + "".join(f"  {cell:<12}" for cell in cells))
    return found

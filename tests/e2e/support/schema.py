# SPDX-License-Identifier: Apache-2.0
"""The schemas of docs/schema: each receipt and plan that a test asks for is held against them."""
import functools
import json
from pathlib import Path

import jsonschema

SCHEMAS = Path(__file__).resolve().parents[3] / "docs/schema"
NAMES = ("receipt", "plan")


def load(name: str) -> dict:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


@functools.lru_cache
def _validator(name: str):
    store = {(SCHEMAS / f"{n}.schema.json").as_uri(): load(n) for n in NAMES}
    uri = (SCHEMAS / f"{name}.schema.json").as_uri()
    resolver = jsonschema.RefResolver(uri, store[uri], store)
    return jsonschema.Draft202012Validator(store[uri], resolver=resolver)


def _lines(error) -> list:
    """The error, or those of the alternatives that it sums up."""
    if error.validator == "oneOf" and error.context:
        return [line for inner in error.context for line in _lines(inner)]
    return [f"{error.json_path}: {error.message}"]


def errors(name: str, document) -> list:
    """What is wrong with the document, one line each."""
    return [line for error in _validator(name).iter_errors(document) for line in _lines(error)]


def check(name: str, document):
    found = errors(name, document)
    assert not found, f"no {name} by docs/schema:\n" + "\n".join(found) + f"\n{document}"
    return document


def check_printed(args, done, cwd=None):
    """Check what `anchorctl ARGS` printed or wrote to a file, if it was a plan or a receipt."""
    verb = args[0] if args else ""
    if verb == "explain" and "--json" in args and done.returncode == 0:
        check("plan", json.loads(done.stdout))
    for arg in map(str, args if verb == "run" else ()):
        file = Path(cwd or ".", arg.partition("=")[2])
        if arg.startswith("--receipt=") and file.is_file() and file.stat().st_size:
            check("receipt", json.loads(file.read_text()))

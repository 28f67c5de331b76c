"""docs/compatibility.md says what the tests show."""

import json
import re
import subprocess
import sys

from tests.conformance.__main__ import PAGE, ROOT, shown
from tests.fixtures.programs import environment

AGAIN = "write it anew: python -m tests.conformance"
_VERSION = re.compile(r" v?\d[\w.]*$")


def test_the_matrix_has_a_row_for_each_test_and_no_other() -> None:
    asked = [sys.executable, "-m", "tests.conformance", "--collect"]
    done = subprocess.run(asked, cwd=ROOT, env=environment(ROOT), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tested = {(program, what) for program, what in json.loads(done.stdout.splitlines()[-1])}
    told = {(_VERSION.sub("", program), what) for program, what, _ in shown(PAGE.read_text(encoding="utf-8"))}
    assert told == tested, AGAIN


def test_the_matrix_claims_nothing_that_failed() -> None:
    rows = shown(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 20
    assert {works for _, _, works in rows if not works.startswith("not tried: ")} == {"yes"}, AGAIN

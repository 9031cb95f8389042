"""Has tau-argus audit a table, in an environment of its own (.argus): `python argus_audit.py BATCH` prints JSON.

It prints the least and the most that each hidden cell can be, with its true count: `[{"value": 5.0, "min": 4.0, "max": 30.0}]`.
"""

from __future__ import annotations

import json
import sys

from pytauargus.engine import run_batch

if __name__ == "__main__":
    audited = run_batch(sys.argv[1]).audit(0)
    sys.stdout.write(json.dumps([{name: cell[name] for name in ("value", "min", "max")} for cell in audited]))

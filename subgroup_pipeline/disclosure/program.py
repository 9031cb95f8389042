"""Linear programs that are asked again and again, by HiGHS: SciPy would set the solver up anew for every question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy.sparse import csr_array, hstack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subgroup_pipeline.disclosure.system import Numbers

_DUAL, _PRIMAL = 1, 4
"""The simplex that keeps what is cheap while bounds change, and the one that keeps what holds while the direction changes."""
TOLERANCE = 1e-6
"""What a solver may be off by."""
NEARLY = 1e-3
"""How near to a whole number a solution has to be to stand for it."""
_ITERATIONS = 200_000
"""A limit that no program of a district came near. It counts work and not time, so that the same is hidden on every machine."""


class SolverError(Exception):
    """A program that has a solution (the truth is one) ended without one."""


class _Silent(highspy.Highs):
    """The solver greets on the standard output when it is given callbacks, and there `--json` prints."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the name is the solver's
        """Have none."""


def _solver(matrix: csr_array, rows: tuple[Numbers, Numbers], columns: tuple[Numbers, Numbers], simplex: int) -> _Silent:
    """A solver of the vectors between the bounds of `columns` whose product with the matrix lies between those of `rows`."""
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.zeros(matrix.shape[1])
    model.col_lower_, model.col_upper_ = columns
    model.row_lower_, model.row_upper_ = rows
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data
    solver = _Silent()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("presolve", "off"),
        ("simplex_strategy", simplex),
        ("simplex_iteration_limit", _ITERATIONS),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(model)
    return solver


class Farthest:
    """All vectors between `least` (at most 0) and `most` (at least 0) whose `equations` lie between `low` and `high`.

    Each question starts from where the last answer stood.
    """

    def __init__(self, equations: csr_array, low: Numbers, high: Numbers, least: Numbers, most: Numbers) -> None:
        self._columns = np.arange(len(least), dtype=np.int32)
        self._solver = _solver(equations, (low, high), (least, most), _PRIMAL)
        self._solver.changeObjectiveSense(highspy.ObjSense.kMaximize)

    def farthest(self, direction: Numbers) -> Numbers:
        """The vector that lies farthest in a direction. Raises SolverError."""
        self._solver.changeColsCost(len(self._columns), self._columns, direction)
        return _solved(self._solver)


class Cheapest:
    """The vectors from -`down` to `up` whose `equations` lie between `low` and `high`, by what it costs to move.

    A program has a column for each number's way up and one for its way down. Each question starts from standing still, which
    costs nothing: the solver follows only what the question itself moves.
    """

    def __init__(self, equations: csr_array, low: Numbers, high: Numbers, down: Numbers, up: Numbers) -> None:
        self._ends = np.concatenate([up, down])
        self._rows = low, high
        self._columns = np.arange(len(self._ends), dtype=np.int32)
        both = csr_array(hstack([equations, -equations]))
        self._solver = _solver(both, self._rows, (np.zeros(len(self._ends)), self._ends), _DUAL)

    def cheapest(self, price: Numbers, numbers: Mapping[int, float], rows: Mapping[int, float]) -> Numbers | None:
        """The vector that moves these numbers, and these rows of the equations, by their distances at the lowest price.

        `price` is that of one step of each number. None if there is no such vector. Raises SolverError.
        """
        width = len(price)
        ways = {place: max(distance, 0.0) for place, distance in numbers.items()}
        ways |= {place + width: max(-distance, 0.0) for place, distance in numbers.items()}
        if any(distance > self._ends[way] for way, distance in ways.items()):
            return None
        self._solver.changeColsCost(len(self._columns), self._columns, np.concatenate([price, price]))
        for way, distance in ways.items():
            self._solver.changeColBounds(way, distance, distance)
        for row, distance in rows.items():
            self._solver.changeRowBounds(row, distance, distance)
        self._solver.setBasis()
        try:
            moved = _solved(self._solver)
        except _NoSolutionError:
            return None
        finally:
            for way in ways:
                self._solver.changeColBounds(way, 0.0, self._ends[way])
            for row in rows:
                self._solver.changeRowBounds(row, self._rows[0][row], self._rows[1][row])
        return np.asarray(moved[:width] - moved[width:])


class _NoSolutionError(SolverError):
    """Nothing lies within the bounds."""


def _solved(solver: _Silent) -> Numbers:
    """The solution. Raises SolverError."""
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return np.array(solver.getSolution().col_value)
    error = _NoSolutionError if status == highspy.HighsModelStatus.kInfeasible else SolverError
    raise error(solver.modelStatusToString(status))

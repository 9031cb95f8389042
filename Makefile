# Two commands on a new machine (Python 3.11, pip, make, git): `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
UV := .tools/bin/uv
BIN := $(VENV)/bin
ANALYSTS := .analysts
BENCH := .bench
SPARK := .spark
ARGUS := .argus
export PYTHONWARNINGS ?= ignore

.PHONY: help setup demo up test slow lint types docs lock torture profile benchmark bench clean

help:            ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

setup: $(VENV)/ready   ## make .venv from the lock

# uv comes from the registry like everything else; bytecode is compiled because importing without it takes five times as long.
$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check "uv>=0.9"

$(VENV)/ready: requirements.txt pyproject.toml | $(UV)
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --compile-bytecode --require-hashes requirements.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m subgroup_pipeline.build
	touch $@

# What analysts use, beside us and not among us: requirements-analysts.in says why.
$(ANALYSTS)/ready: requirements-analysts.txt | $(UV)
	test -x $(ANALYSTS)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(ANALYSTS)
	$(UV) pip sync --quiet --python $(ANALYSTS)/bin/python --require-hashes requirements-analysts.txt
	touch $@

# The tools that `make bench` runs beside us, in an environment without ours.
$(BENCH)/ready: requirements-bench.txt | $(UV)
	test -x $(BENCH)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(BENCH)
	$(UV) pip sync --quiet --python $(BENCH)/bin/python --compile-bytecode --require-hashes requirements-bench.txt
	touch $@

# Apache Spark, which builds the marts of more districts than one machine holds: requirements-spark.in says why it is apart.
$(SPARK)/ready: requirements-spark.txt | $(UV)
	test -x $(SPARK)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(SPARK)
	$(UV) pip sync --quiet --python $(SPARK)/bin/python --require-hashes requirements-spark.txt
	touch $@

# tau-argus, which audits tables of ours as another process: requirements-argus.in says why it is apart.
$(ARGUS)/ready: requirements-argus.txt | $(UV)
	test -x $(ARGUS)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(ARGUS)
	$(UV) pip sync --quiet --python $(ARGUS)/bin/python --require-hashes requirements-argus.txt
	touch $@

demo: setup      ## made-up districts, a night, the result, and links to look around
	$(BIN)/subgroups demo

# Without SUBGROUPS_HOME it is the demo's home, with the ports that the demo's links lead to.
up: setup        ## SFTP server, portal and Dagster, until Ctrl-C
	@set -a; test -n "$$SUBGROUPS_HOME" || ! test -f .subgroups-demo/environment || . ./.subgroups-demo/environment; \
		exec $(BIN)/subgroups up

# COVERAGE=1 measures which lines ran and fails below the floor in pyproject.toml; it costs a third more time.
test: setup $(ANALYSTS)/ready   ## every test that takes seconds (COVERAGE=1: and which lines ran)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --durations=12 $(if $(COVERAGE),--cov)

slow: setup $(SPARK)/ready $(ARGUS)/ready   ## the tests that take longer
	$(BIN)/python -m pytest -m slow -n 2 --dist loadgroup --durations=12

lint: setup      ## style, imports, SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests expectations/sql subgroup_pipeline/quality/sql
	$(BIN)/sqlfluff lint --templater placeholder subgroup_pipeline/disclosure/sql

types: setup     ## strict types
	$(BIN)/mypy

docs: setup      ## the generated pages of docs/, dbt's sources and column lineage
	$(BIN)/python -m tools.generated_docs

lock: | $(UV)    ## resolve requirements.in anew
	$(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-strip-extras requirements.in -o requirements.txt
	$(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-strip-extras -c requirements.txt requirements-analysts.in -o requirements-analysts.txt
	$(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-strip-extras -c requirements.txt requirements-bench.in -o requirements-bench.txt
	$(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-strip-extras -c requirements.txt requirements-spark.in -o requirements-spark.txt
	$(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-strip-extras -c requirements.txt requirements-argus.in -o requirements-argus.txt

torture: setup   ## 200 seeded kills (SUBGROUPS_TORTURE_KILLS, SUBGROUPS_TORTURE_SEED), 200 districts attacked (SUBGROUPS_TORTURE_SHAPES)
	$(BIN)/python -m pytest -m torture
	$(BIN)/python -W ignore -m tests.torture

SCALE ?= small
profile: setup   ## where the seconds of a night go, by stage (SCALE=small, medium, state)
	$(BIN)/python -m benchmarks.profile --scale $(SCALE)

benchmark: setup ## a night against one hand-written script, 20 districts
	$(BIN)/python -m benchmarks.night --districts 20 --students 5000

bench: setup $(BENCH)/ready   ## side by side with dlt, GX on pandas and plain dbt (SCALE=small, medium, state)
	$(BIN)/python -m benchmarks.side_by_side --scale $(SCALE)

clean:           ## remove what make made
	rm -rf $(VENV) $(ANALYSTS) $(BENCH) $(SPARK) $(ARGUS) .tools .subgroups-demo build dist

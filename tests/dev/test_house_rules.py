"""Each house rule on a page that breaks it and on one that keeps it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from dev.rules import __main__ as runner
from dev.rules import clocks, commits, inits, moves, names, silences, sizes, sql_text, tenants
from dev.rules.source import Finding, Source

pytestmark = pytest.mark.pure

VERBS = "src/bursar/billing/invoices.py"
QUERIES = "src/bursar/billing/queries.py"


def found(check: Callable[[Source], Iterator[Finding]], text: str, path: str = VERBS) -> list[int]:
    """The lines on which `check` found something."""
    return [finding.line for finding in check(Source(path, dedent(text).lstrip("\n")))]


# commits


def test_a_verb_that_commits_is_found():
    assert found(commits.check, "await work.db.commit()") == [1]


def test_work_itself_and_the_tests_may_commit():
    assert found(commits.check, "await db.commit()", "src/bursar/core/work.py") == []
    assert found(commits.check, "await db.commit()", "tests/core/test_work.py") == []


# moves


@pytest.mark.parametrize(
    "statement",
    [
        "update(sends).values(state='sent')",
        "update(sends).where(x).values({'state': 'sent', 'attempts': 1})",
        "update(sends).values(state=CLAIM.target)",
        "insert(sends).values(state='queued').on_conflict_do_update(set_={'state': 'queued'})",
        "text('UPDATE sends SET attempts = 1, state = :state WHERE id = :id')",
    ],
)
def test_a_state_written_without_saying_from_which_is_found(statement: str):
    assert found(moves.check, f"def claim():\n    return {statement}", QUERIES) == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "update(sends).where(sends.c.state.in_(CLAIM.sources)).values(state=CLAIM.target)",
        "update(sends).where(sends.c.state == 'queued').values(state='sending')",
        "_still_queued().values(state='sending')",
        "text('UPDATE sends SET state = :state WHERE id = :id AND state IN (1, 2)')",
    ],
)
def test_a_set_moves_with_its_guard_and_only_in_queries(statement: str):
    text = f"""
        def claim():
            return {statement}

        def _still_queued():
            return update(sends).where(sends.c.state == "queued")
    """
    assert found(moves.check, text, QUERIES) == []
    assert found(moves.check, text, VERBS) == [2]


def test_the_state_of_a_new_row_is_free():
    assert found(moves.check, "def make():\n    return insert(sends).values(state='queued')", QUERIES) == []


def test_move_itself_writes_states():
    text = "def move():\n    return update(table).values(state=to)"
    assert found(moves.check, text, "src/bursar/core/moves.py") == []


# tenants


def test_a_statement_without_its_tenant_is_found():
    text = """
        def open_invoices(work):
            \"\"\"Every open invoice of tenant_id.\"\"\"
            return sa.select(invoices.c.id).where(is_open(invoices))
    """
    assert found(tenants.check, text, QUERIES) == [1]


@pytest.mark.parametrize(
    "clause",
    [
        "invoices.c.tenant_id == work.tenant_id",
        "same_tenant(invoices, customers)",
        "invoices.c['tenant_id'] == tenant",
    ],
)
def test_a_statement_may_name_its_tenant_in_three_ways(clause: str):
    assert (
        found(tenants.check, f"def q(work):\n    return select(invoices.c.id).where({clause})", QUERIES) == []
    )


def test_global_tables_have_no_tenant_to_name_unless_a_tenants_table_is_beside_them():
    alone = "def q():\n    return select(accounts.c.id).where(accounts.c.email_key == key)"
    joined = "def q():\n    return select(accounts.c.id).join(agents, agents.c.account_id == accounts.c.id)"
    assert found(tenants.check, alone, QUERIES) == []
    assert found(tenants.check, joined, QUERIES) == [1]


def test_a_function_of_the_same_file_may_name_the_tenant():
    text = """
        def drop(work):
            return update(send_subjects).where(_about(work))

        def _about(work):
            return send_subjects.c.tenant_id == work.tenant_id
    """
    assert found(tenants.check, text, QUERIES) == []
    assert found(
        tenants.check,
        text.replace("send_subjects.c.tenant_id == work.tenant_id", "send_subjects.c.kind == kind"),
        QUERIES,
    ) == [1]


def test_a_statement_over_no_table_has_no_tenant_to_name():
    assert found(tenants.check, "def q():\n    return select(func.uuidv7())", QUERIES) == []
    assert found(tenants.check, "def q():\n    return select(func.count()).select_from(sends)", QUERIES) == [
        1
    ]
    assert found(tenants.check, "def q():\n    return select(sends)", QUERIES) == [1]


def test_a_folder_of_queries_is_held_to_the_same_rule():
    text = "def q():\n    return delete(sends)"
    assert found(tenants.check, text, "src/bursar/outbox/queries/claims.py") == [1]
    assert found(tenants.check, text, "src/bursar/outbox/sends.py") == []


# clocks


@pytest.mark.parametrize(
    "expression",
    ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "time.time()", "sa.func.now()"],
)
def test_a_room_that_asks_a_clock_is_found(expression: str):
    assert found(clocks.check, f"x = {expression}") == [1]


def test_a_clock_imported_by_name_is_found_too():
    assert found(clocks.check, "from time import monotonic as tick\nx = tick()") == [2]


def test_the_outside_may_measure_and_a_column_may_have_a_default():
    assert found(clocks.check, "x = time.monotonic()", "src/bursar/integrations/smtp/client.py") == []
    assert found(clocks.check, "x = sa.func.now()", "src/bursar/billing/tables.py") == []
    assert found(clocks.check, "x = datetime.now(UTC)", "src/bursar/core/clock.py") == []
    assert found(clocks.check, "x = time.time()", "src/bursar/sandbox/smtp/dialogue.py") == []
    assert found(clocks.check, "x = datetime.now(UTC)", "src/bursar/integrations/smtp/client.py") == [1]


# SQL text


@pytest.mark.parametrize(
    "argument",
    [
        'f"SELECT {name}"',
        '"SELECT %s" % name',
        '"SELECT " + name',
        '"SELECT {}".format(name)',
    ],
)
def test_sql_put_together_from_values_is_found(argument: str):
    assert found(sql_text.check, f"sa.text({argument})") == [1]
    assert found(sql_text.check, f"db.execute({argument})") == [1]


def test_bound_values_and_quoted_names_are_kept():
    assert found(sql_text.check, 'sa.text("SELECT :name")') == []
    assert found(sql_text.check, 'db.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))') == []
    assert found(sql_text.check, "db.execute(queries.due(work, a + b))") == []


# names, sizes, inits, silences


@pytest.mark.parametrize(
    "path", ["src/bursar/billing/utils.py", "tests/helpers/x.py", "dev/common.py", "src/bursar/core/base.py"]
)
def test_a_name_that_refuses_no_line_is_found(path: str):
    assert found(names.check, "", path) == [1]


def test_a_subject_is_a_name():
    assert found(names.check, "", VERBS) == []


def test_a_file_of_301_lines_and_a_function_of_61_are_found():
    assert found(sizes.check, "x = 1\n" * 300) == []
    assert found(sizes.check, "x = 1\n" * 301) == [1]
    assert found(sizes.check, "def f():\n" + "    x = 1\n" * 59) == []
    assert found(sizes.check, "def f():\n" + "    x = 1\n" * 60) == [1]


def test_a_migration_may_be_long():
    assert found(sizes.check, "x = 1\n" * 301, "migrations/versions/0001_house.py") == []


def test_an_init_with_anything_in_it_is_found():
    assert found(inits.check, "from bursar.billing.invoices import x", "src/bursar/billing/__init__.py") == [
        1
    ]
    assert found(inits.check, "", "src/bursar/billing/__init__.py") == []


@pytest.mark.parametrize(
    "comment",
    ["noqa: BLE001", "noqa", "type: ignore[arg-type]", "pyright: ignore[reportCallIssue]"],
)
def test_a_checker_silenced_without_a_reason_is_found(comment: str):
    assert found(silences.check, f"x = 1  # {comment}") == [1]


@pytest.mark.parametrize(
    "comment",
    [
        "noqa: BLE001, S110  the sweep settles it later",
        "pyright: ignore[reportCallIssue]  # its stub is wrong",
    ],
)
def test_a_silence_with_its_reason_is_kept(comment: str):
    assert found(silences.check, f"x = 1  # {comment}") == []


# the runner


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file that breaks one rule; not a repository, so the files are handed over."""
    page = Source(VERBS, "await db.commit()\n")
    monkeypatch.setattr(runner, "sources", lambda _: iter([page]))
    return tmp_path


def test_a_finding_names_file_line_rule_and_what_to_do(project: Path, capsys: pytest.CaptureFixture[str]):
    assert runner.main(project, set()) == 1
    assert f"{VERBS}:1 commits: only src/bursar/core/work.py commits" in capsys.readouterr().out


def test_an_excused_finding_passes_and_a_stale_excuse_does_not(project: Path):
    excuse = ("commits", VERBS, "commit")
    assert runner.main(project, {excuse}) == 0
    assert runner.main(project, {excuse, ("commits", QUERIES, "commit")}) == 1


def test_an_excuse_needs_a_reason_in_words(tmp_path: Path):
    page = tmp_path / "exceptions.toml"
    page.write_text('[[exception]]\nrule = "sizes"\npath = "a.py"\nname = "f"\nreason = "because"\n')
    with pytest.raises(ValueError, match=r"a\.py needs a reason in words"):
        runner.read_excuses(page)


def test_the_committed_exceptions_can_be_read():
    runner.read_excuses(runner.EXCEPTIONS)

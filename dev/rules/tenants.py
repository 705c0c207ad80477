"""Every statement names its tenant.

Row level security would catch the one that does not, but it is the second line: the first is the
statement. A function of `queries` that builds one says `tenant_id`, or joins by `same_tenant(...)` or
`of_tenant(...)`, which say it for two tables, or calls a function of the same file that does one of these. A
statement over nothing but the global tables, or over no table at all, has no tenant to name; what reads all
tenants on purpose (the due scans of `bursar_scan`) is listed in exceptions.toml.
"""

import ast
from collections.abc import Iterator

from dev.rules.source import Finding, Function, Source, calls, last_name

STATEMENTS = frozenset({"select", "insert", "update", "delete"})
TAKES_TABLE = frozenset({"select_from", "join", "outerjoin"})
NAMING = frozenset({"same_tenant", "of_tenant"})
GLOBAL_TABLES = frozenset({
    "accounts", "sign_in_attempts", "sign_in_tokens", "tenant_slugs", "alembic_version",
})  # fmt: skip


def check(source: Source) -> Iterator[Finding]:
    if not source.spells_sql:
        return
    functions = list(source.functions())
    naming = NAMING | {function.name for function in functions if _names_tenant(function, NAMING)}
    for function in functions:
        if _builds_statement(function) and not _names_tenant(function, naming) and not _only_global(function):
            yield Finding(
                function.lineno,
                function.name,
                f"{function.name}() builds a statement that names no tenant: add tenant_id == work.tenant_id",
            )


def _builds_statement(function: Function) -> bool:
    return any(last_name(call.func) in STATEMENTS for call in calls(function))


def _names_tenant(function: Function, naming: frozenset[str]) -> bool:
    spoken = {function.body[0].value} if isinstance(function.body[0], ast.Expr) else set()
    return any(_says_tenant(node, naming) for node in ast.walk(function) if node not in spoken)


def _says_tenant(node: ast.AST, naming: frozenset[str]) -> bool:
    match node:
        case ast.Attribute(attr="tenant_id") | ast.keyword(arg="tenant_id"):
            return True
        case ast.Call():
            return last_name(node.func) in naming
        case ast.Constant(value=str() as text):
            return "tenant_id" in text
    return False


def _only_global(function: Function) -> bool:
    """Whether each table whose columns it touches (`accounts.c.id`), or that it takes whole, is global."""
    touched = {
        node.value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "c" and isinstance(node.value, ast.Name)
    }
    whole = {
        argument.id
        for call in calls(function)
        if last_name(call.func) in STATEMENTS | TAKES_TABLE
        for argument in call.args
        if isinstance(argument, ast.Name)
    }
    return touched | whole <= GLOBAL_TABLES

"""The page of settings, from the class that reads them."""

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bursar.core.settings import Settings

INTRODUCTION = """# Settings

Read from the environment when a process starts. A value that cannot be used is named with its reason, and the
process does not start.

| variable | standard | what it is for |
|---|---|---|
"""


def page() -> str:
    prefix = str(Settings.model_config.get("env_prefix", ""))
    return INTRODUCTION + "".join(line(prefix, name, field) for name, field in Settings.model_fields.items())


def line(prefix: str, name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    variable = str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{prefix}{name}".upper()
    return f"| `{variable}` | {_standard(field.default)} | {field.description or ''} |\n"


def _standard(default: object) -> str:
    if default is PydanticUndefined:
        return "must be set"
    if default is None or default == ():
        return ""
    if isinstance(default, tuple):
        return f"`{','.join(map(str, default))}`"  # as it is written in the environment
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`"

"""The generated pages of docs/reference say what the program declares."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import pytest
import sqlalchemy as sa
import typer

from bursar.core.settings import Settings
from bursar.core.states import Move
from dev.reference import __main__ as runner
from dev.reference import commands, data_model, lifecycles, settings

pytestmark = pytest.mark.pure


class Lamp(StrEnum):
    OFF = "off"
    ON = "on"
    BROKEN = "broken"


SWITCH = Move("lamps", "lamp", "switch_on", frozenset({Lamp.OFF}), Lamp.ON)


def test_a_machine_lists_its_states_in_their_order_and_a_line_for_each_move():
    fall = replace(SWITCH, event="fall", sources=frozenset({Lamp.ON, Lamp.OFF}), target=Lamp.BROKEN)
    text = lifecycles.machine("lamp", [SWITCH, fall])
    assert "Table `lamps`. States: `off`, `on`, `broken`." in text
    assert "| off | `lamp.switch_on` | on |" in text
    assert "| off, on | `lamp.fall` | broken |" in text


def test_every_room_with_states_is_on_the_page_of_lifecycles():
    assert {"invoice", "run", "campaign"} <= {move.noun for move in lifecycles.all_moves()}


def test_a_table_shows_what_it_points_to_and_what_is_unique():
    metadata = sa.MetaData()
    sa.Table("rooms", metadata, sa.Column("id", sa.Integer, primary_key=True))
    lamps = sa.Table(
        "lamps",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("room_id", sa.Integer, sa.ForeignKey("rooms.id"), nullable=False),
        sa.Column("label", sa.Text),
        sa.UniqueConstraint("room_id", "label"),
    )
    text = data_model.table_section(lamps)
    assert "| room_id | INTEGER | required, → rooms |" in text
    assert "| label | TEXT |  |" in text
    assert "- unique: room_id, label" in text
    assert "rooms ||--o{ lamps : has" in data_model.diagram([lamps])


def test_each_table_belongs_to_one_room_however_often_it_is_asked():
    first, second = data_model.tables_by_room(), data_model.tables_by_room()
    names = [table.name for tables in first.values() for table in tables]
    assert "invoices" in [table.name for table in first["billing"]]
    assert len(names) == len(set(names))
    assert first == second


def test_every_setting_has_a_name_to_set_it_by_and_says_what_it_is_for():
    lines = settings.page().splitlines()
    for name, field in Settings.model_fields.items():
        assert field.description, f"{name} says nothing of itself"
    assert any(line.startswith("| `DATABASE_URL` |") for line in lines)
    assert any(line.startswith("| `BURSAR_DATA_DIR` |") for line in lines)


def test_a_command_is_shown_as_it_is_typed():
    root, mail = typer.Typer(), typer.Typer()
    root.add_typer(mail, name="mail")

    @mail.command(help="Send it.")
    def send(thing: str, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False):
        pass

    mail.command(hidden=True)(lambda: None)

    [(path, command)] = commands.leaves("bursar", typer.main.get_command(root))
    text = commands.section(path, command)
    assert "    bursar mail send THING" in text
    assert "| `--json` | For programs. |" in text


def test_a_page_that_is_older_than_its_source_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(runner, "PAGES", {"settings.md": "dev.reference.settings"})
    monkeypatch.setattr(runner, "PARTS", {})
    assert runner.main(tmp_path, check=False) == 0
    assert runner.main(tmp_path, check=True) == 0
    (tmp_path / "settings.md").write_text("old")
    assert runner.main(tmp_path, check=True) == 1
    assert "make reference" in capsys.readouterr().out

"""The systemd units shipped with the project start what there is, with settings that exist."""

import configparser
from pathlib import Path

import pytest

from daznode.config import Settings
from daznode.edges.cli.app import cli

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").iterdir())
SETTINGS = {str(field.validation_alias) for field in Settings.model_fields.values()}
OTHERS = {"NUMBA_CACHE_DIR"}


class Repeated(dict):
    """Systemd gives some options several times; all their values count."""

    def __setitem__(self, name, value):
        if isinstance(value, list) and name in self:
            self[name].extend(value)
        else:
            super().__setitem__(name, value)


def service(unit):
    parser = configparser.RawConfigParser(strict=False, dict_type=Repeated)
    parser.optionxform = str
    parser.read_string(unit.read_text())
    return parser["Service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_starts_a_command_with_options_that_there_are(unit):
    program, command, *arguments = service(unit)["ExecStart"].split()
    assert program.endswith("/daznode")
    options = {name for one in cli.commands[command].params for name in one.opts}
    assert {one for one in arguments if one.startswith("--")} <= options


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_its_variables_are_settings(unit):
    lines = service(unit)["Environment"].splitlines()
    assert {line.partition("=")[0] for line in lines if line} <= SETTINGS | OTHERS

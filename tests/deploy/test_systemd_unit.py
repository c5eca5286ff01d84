"""The systemd unit shipped with the project starts what there is, with settings that exist."""

import configparser
from pathlib import Path

from daznode.config import Settings
from daznode.edges.cli.app import cli

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "daznode.service"
SETTINGS = {str(field.validation_alias) for field in Settings.model_fields.values()}
OTHERS = {"NUMBA_CACHE_DIR"}


class Repeated(dict):
    """Systemd gives some options several times; all their values count."""

    def __setitem__(self, name, value):
        if isinstance(value, list) and name in self:
            self[name].extend(value)
        else:
            super().__setitem__(name, value)


def service():
    parser = configparser.RawConfigParser(strict=False, dict_type=Repeated)
    parser.optionxform = str
    parser.read_string(UNIT.read_text())
    return parser["Service"]


def test_it_starts_a_command_with_options_that_there_are():
    program, command, *arguments = service()["ExecStart"].split()
    assert program.endswith("/daznode")
    options = {name for one in cli.commands[command].params for name in one.opts}
    assert {one for one in arguments if one.startswith("--")} <= options


def test_its_variables_are_settings():
    lines = service()["Environment"].splitlines()
    assert {line.partition("=")[0] for line in lines if line} <= SETTINGS | OTHERS

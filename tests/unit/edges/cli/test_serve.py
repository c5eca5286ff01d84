"""Where the service may listen, and what is said when it may not."""

import socket
from contextlib import closing

import pytest
from tests.api_house import settings_of

from daznode.domain.errors import ConfigError, InvalidParameter
from daznode.edges.cli.serve import bound, check_reach, is_loopback


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("192.0.2.1", False),
        ("::", False),
        ("example.org", False),
    ],
)
def test_loopback_is_told_apart(host, is_here):
    assert is_loopback(host) is is_here


def test_beyond_loopback_a_secret_is_wanted(tmp_path):
    without = settings_of(tmp_path, JWT_SECRET=None)
    check_reach("127.0.0.1", without)
    check_reach("0.0.0.0", settings_of(tmp_path))
    with pytest.raises(ConfigError, match="JWT_SECRET") as caught:
        check_reach("0.0.0.0", without)
    assert "\n" not in str(caught.value)


def test_a_free_port_is_held_and_a_taken_one_refused():
    with closing(bound("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        assert port > 0
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(InvalidParameter, match=f"127.0.0.1:{taken}"):
            bound("127.0.0.1", taken)


def test_a_name_is_held_by_its_address():
    with closing(bound("localhost", 0)) as held:
        assert is_loopback(held.getsockname()[0])


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(InvalidParameter, match=r"192\.0\.2\.1"):
        bound("192.0.2.1", 0)

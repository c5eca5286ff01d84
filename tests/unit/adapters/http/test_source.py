"""What may be called, and what is never shown of it."""

import pytest

from daznode.adapters.http.source import HttpSource
from daznode.domain.errors import InvalidParameter


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node:8080",
        "ftp://node",
        "https://",
        "https://node:0",
        "https://node:99999",
        "https://[::1",
        "https://me:secret@node:8080",
        "http://abcdefghij.onion:8080",
    ],
)
def test_an_address_that_cannot_be_called_is_refused_without_repeating_it(url):
    with pytest.raises(InvalidParameter) as caught:
        HttpSource("lnd", url)
    assert str(caught.value).startswith("lnd: ")
    assert "secret" not in str(caught.value)


def test_an_onion_address_is_fine_with_a_proxy():
    HttpSource("lnd", "https://abcdefghij.onion:8080", proxy_url="socks5://127.0.0.1:9050")


def test_who_is_called_is_said_with_host_and_port_alone():
    source = HttpSource(
        "bot",
        "https://api.example/bot123:secret",
        headers={"X-Key": "canary"},
        proxy_url="http://u:canary@p",
    )
    assert source.where == "bot at api.example:443"
    assert "canary" not in repr(source)

"""Certificates are verified, always."""

import ssl

import pytest
from tests.standins.certificates import self_signed

from daznode.adapters.http.tls import tls_context
from daznode.domain.errors import ConfigError


@pytest.mark.parametrize("ca_file", [None, self_signed().trust])
def test_names_and_certificates_are_checked(ca_file):
    context = tls_context(ca_file)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_file_of_ones_own_replaces_the_authorities_of_the_system():
    assert len(tls_context(self_signed().trust).get_ca_certs()) == 1


def test_a_file_that_is_missing_or_no_certificate_is_said_in_one_line(tmp_path):
    (tmp_path / "empty").write_text("nothing")
    for name in ("absent", "empty"):
        with pytest.raises(ConfigError, match=f"{name}: .*expected a PEM file"):
            tls_context(tmp_path / name)

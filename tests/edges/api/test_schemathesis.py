"""Made-up requests over the whole OpenAPI document: nothing answers 500, all is as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api_house import a_token
from tests.live import a_live_service, an_admin

from daznode.domain.accounts import Role

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with a_live_service(tmp_path_factory.mktemp("made-up"), DAZNODE_LOG_LEVEL="warning") as service:
        yield service
        assert "Unexpected error" not in service.log.read_text()


MADE_UP = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def checked(operation, mode, token):
    """A test of one operation with requests that fit, or that do not."""

    @MADE_UP
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    return check


@pytest.mark.filterwarnings("ignore")
def test_nothing_made_up_breaks_it(live):
    described = schemathesis.openapi.from_url(f"{live.base}/openapi.json")
    admin, user = an_admin(), a_token("ulla", "tenant-a", Role.USER)
    n_operations = 0
    for found in described.get_all_operations():
        operation = found.ok()
        token = admin if "admin" in operation.tags else user
        for mode in GenerationMode:
            try:
                checked(operation, mode, token)()
            except Unsatisfiable:
                continue  # nothing can be wrong about a request without parameters
        n_operations += 1
    assert n_operations == 30

"""Parts that doctor is told of besides those that the settings choose."""

import asyncio

from daznode.config import Settings
from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.wiring.doctor import examine_installation


class Probe:
    """A node that does not answer."""

    async def check(self):
        return DependencyHealth(
            "lnd", ServiceHealth.UNHEALTHY, is_required=False, last_error="connection refused"
        )


def test_a_further_part_is_looked_at(tmp_path):
    settings = Settings(DAZNODE_DATA_DIR=tmp_path / "data")
    further = [("lnd", Probe(), "check LND_REST_URL")]
    found = asyncio.run(examine_installation(settings, further))
    (lnd,) = [one for one in found if one.name == "lnd"]
    assert (lnd.state, lnd.detail) == (ServiceHealth.UNHEALTHY, "connection refused")
    assert (lnd.mend, lnd.exit_code) == ("check LND_REST_URL", 6)
    assert not (tmp_path / "data").exists()

"""Simulated worlds for tests: small, seeded, lived through once."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from daznode.simulate.world.engine import World, WorldParams

STARTS_AT = datetime(2025, 11, 3, 6, tzinfo=UTC)
DAY = timedelta(days=1)
SMALL = WorldParams(nodes=300, channels=1_000, payments_per_day=1_000.0, burn_in_days=2)


def a_world(seed: int = 1, params: WorldParams = SMALL) -> World:
    """A world at its start, for a test to advance."""
    return World(params, np.random.default_rng(seed), starts_at=STARTS_AT)


@cache
def a_lived_world() -> World:
    """A world after sixteen days, past every turn of its story; only to be looked at."""
    world = a_world()
    world.advance(STARTS_AT + 16 * DAY)
    return world

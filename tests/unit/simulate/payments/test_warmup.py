"""Compiling the payment loop ahead of use."""

import numpy as np
import pytest
from tests.worlds import DAY, SMALL, STARTS_AT

from daznode.domain.errors import Interrupted
from daznode.simulate.payments.kernels.around import fees_around
from daznode.simulate.payments.kernels.bounds import fill_hops, fill_least
from daznode.simulate.payments.kernels.circular import circular
from daznode.simulate.payments.kernels.deliver import deliver
from daznode.simulate.payments.kernels.relax import relax_balances
from daznode.simulate.payments.kernels.replay import replay
from daznode.simulate.payments.warmup import compile_payment_kernels
from daznode.simulate.world.engine import World

KERNELS = (fill_hops, fill_least, deliver, relax_balances, circular, fees_around, replay)


def test_warmed_kernels_fit_the_loop():
    """Living afterwards compiles nothing more: the types were the right ones."""
    compile_payment_kernels()
    before = [len(kernel.signatures) for kernel in KERNELS]
    assert before == [1] * len(KERNELS)
    world = World(SMALL, np.random.default_rng(1), starts_at=STARTS_AT)
    world.advance(STARTS_AT + 2 * DAY)
    assert world.activity(world.begins_at, world.now).rebalances
    assert [len(kernel.signatures) for kernel in KERNELS] == before


def test_every_step_is_told_and_can_be_the_last():
    told = []
    compile_payment_kernels(lambda stage, done, total: told.append((stage, done, total)))
    assert told == [("compiling", done, 5) for done in range(6)]

    def stop(_stage, _done, _total):
        message = "stopped"
        raise Interrupted(message)

    with pytest.raises(Interrupted):
        compile_payment_kernels(stop)

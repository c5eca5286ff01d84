"""Rows of lanes as single machine operations: one search per lane, on portable LLVM vectors.

Numba does not turn a loop over 8 or 16 lanes into vector instructions by itself. These intrinsics
state the vector operation; LLVM lowers it to whatever the processor has (AVX-512, AVX2, SSE2, NEON).
No operation may be reordered or fused, so every processor computes the same bits.

A "row" is the group of lanes of one node in a flat C-contiguous array: 16 x int32 (costs of 16
routes' sources), 8 x float64 (path counts of 8 sources) or 8 x uint64 (512 visited bits). Offsets
count elements, not rows. Nothing is bounds-checked here: the kernels' loops keep to their arrays.

Numba's cache on disk notices changes of a kernel's own file, not of this one: after changing it in a
working copy, touch the kernels or empty the cache.
"""

# ruff: noqa: ANN001, ANN201, ANN401 - LLVM builders and typing contexts have no public types
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

COST_LANES = 16
PATH_LANES = 8
BIT_WORDS = 8

operation: Any = intrinsic
"""Numba's decorator; what it returns takes one argument fewer than the function it is given."""

_CACHE_LINE_BYTES = 64
_I8, _I16, _I32, _I64, _F64 = (*(ir.IntType(bits) for bits in (8, 16, 32, 64)), ir.DoubleType())
_COSTS = ir.VectorType(_I32, COST_LANES)
_PATHS = ir.VectorType(_F64, PATH_LANES)
_BITS = ir.VectorType(_I64, BIT_WORDS)
_BOOLS = ir.VectorType(ir.IntType(1), PATH_LANES)
_COST_BOOLS = ir.VectorType(ir.IntType(1), COST_LANES)


def aligned_rows(n_rows: int, lanes: int, dtype: type[np.generic]) -> NDArray[Any]:
    """Zeroed rows that begin on a cache line, so that no row straddles two.

    Args:
        n_rows: Number of rows.
        lanes: Elements of each row.
        dtype: Their type.

    Returns:
        Array of shape (n_rows * lanes,), C-contiguous.
    """
    size = np.dtype(dtype).itemsize
    spare = _CACHE_LINE_BYTES // size
    memory = np.zeros(n_rows * lanes + spare, dtype)
    start = (-memory.ctypes.data % _CACHE_LINE_BYTES) // size
    return memory[start : start + n_rows * lanes]


@dataclass(frozen=True, slots=True)
class _Emitter:
    """Writes the body of one intrinsic: reads and writes rows of its array arguments."""

    context: Any
    builder: Any
    signature: Any
    args: Any

    def pointer(self, array: int, offset: Any, vector: ir.Type) -> Any:
        array_type = self.signature.args[array]
        data = self.context.make_array(array_type)(
            self.context, self.builder, self.args[array]
        ).data
        return self.builder.bitcast(self.builder.gep(data, [offset]), vector.as_pointer())

    def load(self, array: int, offset: Any, vector: ir.VectorType) -> Any:
        row = self.builder.load(self.pointer(array, offset, vector))
        row.align = vector.element.get_abi_size(self.context.target_data)
        return row

    def store(self, value: Any, array: int, offset: Any, vector: ir.VectorType) -> None:
        written = self.builder.store(value, self.pointer(array, offset, vector))
        written.align = vector.element.get_abi_size(self.context.target_data)

    def splat(self, value: Any, vector: ir.VectorType) -> Any:
        undefined = ir.Constant(vector, ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.Constant(_I32, 0))
        lanes = ir.Constant(ir.VectorType(_I32, vector.count), [0] * vector.count)
        return self.builder.shuffle_vector(first, undefined, lanes)

    def lanes_of(self, mask: Any, vector: ir.VectorType) -> Any:
        narrow = self.builder.trunc(mask, ir.IntType(vector.count))
        return self.builder.bitcast(narrow, vector)

    def mask_of(self, lanes: Any) -> Any:
        bits = self.builder.bitcast(lanes, ir.IntType(lanes.type.count))
        return self.builder.zext(bits, _I32)

    def folded(self, rows: int, vector: ir.VectorType, combine: Callable[[Any, Any], Any]) -> Any:
        """Combine the rows of the neighbours `indices[start:stop]` (the arguments after `rows`).

        Two accumulators, even and odd places, hide the latency of the addition; which place goes
        where is fixed, so the result is too.
        """
        builder, (indices, start, stop) = self.builder, (rows + 1, rows + 2, rows + 3)
        zero = ir.Constant(vector, None)
        even = cgutils.alloca_once_value(builder, zero)
        odd = cgutils.alloca_once_value(builder, zero)

        def take(accumulator: Any, place: Any) -> None:
            node = builder.load(self.pointer(indices, place, _I32))
            offset = builder.mul(builder.zext(node, _I64), ir.Constant(_I64, vector.count))
            row = self.load(rows, offset, vector)
            builder.store(combine(builder.load(accumulator), row), accumulator)

        first, last = self.args[start], self.args[stop]
        pairs = builder.and_(builder.sub(last, first), ir.Constant(_I64, -2))
        paired = builder.add(first, pairs)
        with _every_second(builder, first, paired) as place:
            take(even, place)
            take(odd, builder.add(place, ir.Constant(_I64, 1)))
        with builder.if_then(builder.icmp_signed("<", paired, last)):
            take(even, paired)
        return combine(builder.load(even), builder.load(odd))


@contextmanager
def _every_second(builder: Any, first: Any, stop: Any) -> Iterator[Any]:
    with cgutils.for_range_slice(builder, first, stop, ir.Constant(_I64, 2), _I64) as (place, _):
        yield place


def _ordered_sum(builder: Any, row: Any) -> Any:
    """Sum of eight lanes as a tree of fixed shape."""
    parts = [builder.extract_element(row, ir.Constant(_I32, lane)) for lane in range(PATH_LANES)]
    while len(parts) > 1:
        parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


# --- 16 x int32: costs of the routes from 16 sources ---------------------------------------------


@operation
def relax_row(typing_context, costs, source, target, cost):
    """`costs[target] = min(costs[target], costs[source] + cost)` by lane; mask of lanes improved."""
    del typing_context, source, target, cost
    signature = types.int32(costs, types.int64, types.int64, types.int32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        known = do.load(0, args[2], _COSTS)
        offered = builder.add(do.load(0, args[1], _COSTS), do.splat(args[3], _COSTS))
        better = builder.icmp_signed("<", offered, known)
        mask = do.mask_of(better)
        # Three of four offers improve nothing; not writing then spares the cache.
        with builder.if_then(builder.icmp_unsigned("!=", mask, ir.Constant(_I32, 0))):
            do.store(builder.select(better, offered, known), 0, args[2], _COSTS)
        return mask

    return signature, emit


@operation
def choose_parents(
    typing_context, costs, indices, start, stop, edge_costs, offset, parents, nobody, senders
):
    """Find who stands before a node on the cheapest routes of each lane, and write it to `parents`.

    Looks at the neighbours `indices[start:stop]`, where an equal one is a parent; a lane without
    gets `nobody`. Returns, packed in one number, the mask of lanes with several parents (low 16
    bits) and the sum of `senders` (16 x int32) over the lanes with one or more.
    """
    del typing_context, start, stop, offset, nobody
    i64 = types.int64
    signature = types.int64(
        costs, indices, i64, i64, edge_costs, i64, parents, types.int32, senders
    )

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        none = ir.Constant(_COST_BOOLS, None)
        parent = cgutils.alloca_once_value(builder, do.splat(args[7], _COSTS))
        found = cgutils.alloca_once_value(builder, none)
        ties = cgutils.alloca_once_value(builder, none)
        own = do.load(0, args[5], _COSTS)
        one = ir.Constant(_I64, 1)
        with cgutils.for_range_slice(builder, args[2], args[3], one, _I64) as (place, _):
            node = builder.load(do.pointer(1, place, _I32))
            row = builder.mul(builder.zext(node, _I64), ir.Constant(_I64, COST_LANES))
            edge_cost = builder.load(do.pointer(4, place, _I32))
            offered = builder.add(do.load(0, row, _COSTS), do.splat(edge_cost, _COSTS))
            equal = builder.icmp_signed("==", offered, own)
            known = builder.load(found)
            again = builder.and_(known, equal)
            builder.store(builder.or_(builder.load(ties), again), ties)
            builder.store(builder.or_(known, equal), found)
            chosen = builder.select(equal, do.splat(node, _COSTS), builder.load(parent))
            builder.store(chosen, parent)
        do.store(builder.load(parent), 6, args[5], _COSTS)
        paying = builder.select(
            builder.load(found), do.load(8, ir.Constant(_I64, 0), _COSTS), ir.Constant(_COSTS, None)
        )
        total = builder.zext(_total(builder, paying, COST_LANES), _I64)
        tie_mask = builder.zext(do.mask_of(builder.load(ties)), _I64)
        return builder.or_(builder.shl(total, ir.Constant(_I64, COST_LANES)), tie_mask)

    return signature, emit


@operation
def lost_row(typing_context, costs, source, target, limit):
    """Mask of the lanes in which `source` is below `limit` and `target` is not."""
    del typing_context, source, target, limit
    signature = types.int32(costs, types.int64, types.int64, types.int32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        limit_row = do.splat(args[3], _COSTS)
        near = builder.icmp_signed("<", do.load(0, args[1], _COSTS), limit_row)
        far = builder.icmp_signed(">=", do.load(0, args[2], _COSTS), limit_row)
        return do.mask_of(builder.and_(near, far))

    return signature, emit


@operation
def mean_row(typing_context, costs, offset):
    """Mean over the sixteen lanes, each rounded down to a sixteenth before; below 2^30."""
    del typing_context, offset
    signature = types.int32(costs, types.int64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        sixteenth = do.splat(ir.Constant(_I32, 4), _COSTS)
        parts = builder.lshr(do.load(0, args[1], _COSTS), sixteenth)
        return _total(builder, parts, COST_LANES)

    return signature, emit


@operation
def turn_rows(typing_context, rows, offset, lane_rows, node, stride):
    """Write sixteen rows from an offset on as columns: `lane_rows[lane * stride + node]`."""
    del typing_context, offset, node, stride
    i64 = types.int64
    signature = types.void(rows, i64, lane_rows, i64, i64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        block = [
            do.load(0, builder.add(args[1], ir.Constant(_I64, COST_LANES * place)), _COSTS)
            for place in range(COST_LANES)
        ]
        for half in (8, 4, 2, 1):
            for place in range(COST_LANES):
                if place & half:
                    continue
                upper, lower = block[place], block[place + half]
                block[place] = builder.shuffle_vector(upper, lower, _turn(half, 0))
                block[place + half] = builder.shuffle_vector(upper, lower, _turn(half, half))
        for lane, row in enumerate(block):
            start = builder.add(builder.mul(args[4], ir.Constant(_I64, lane)), args[3])
            do.store(row, 2, start, _COSTS)
        return context.get_dummy_value()

    return signature, emit


def _turn(half: int, shift: int) -> Any:
    """Lanes of two rows that swap the off-diagonal blocks of `half` by `half`."""
    lanes = [
        (lane ^ half) + COST_LANES * (not shift)
        if bool(lane & half) != bool(shift)
        else lane + COST_LANES * bool(shift)
        for lane in range(COST_LANES)
    ]
    return ir.Constant(ir.VectorType(_I32, COST_LANES), lanes)


# --- 8 x float64: shortest paths from 8 sources --------------------------------------------------


@operation
def pull_paths(typing_context, front, indices, start, stop, paths, offset, seen):
    """Sum the front's rows over neighbours, keep lanes not `seen` before; mask of lanes reached."""
    del typing_context, start, stop, offset, seen
    i64 = types.int64
    signature = types.int32(front, indices, i64, i64, paths, i64, types.int32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        found = do.folded(0, _PATHS, builder.fadd)
        reached = builder.fcmp_ordered(">", found, ir.Constant(_PATHS, None))
        fresh = builder.and_(reached, builder.not_(do.lanes_of(args[6], _BOOLS)))
        do.store(builder.select(fresh, found, do.load(4, args[5], _PATHS)), 4, args[5], _PATHS)
        return do.mask_of(fresh)

    return signature, emit


@operation
def push_paths(typing_context, gathered, target, front, source):
    """`gathered[target] += front[source]` by lane."""
    del typing_context, target, source
    signature = types.void(gathered, types.int64, front, types.int64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        total = builder.fadd(do.load(0, args[1], _PATHS), do.load(2, args[3], _PATHS))
        do.store(total, 0, args[1], _PATHS)
        return context.get_dummy_value()

    return signature, emit


@operation
def settle_paths(typing_context, gathered, paths, offset, seen):
    """Move what was pushed to a node into `paths`, lanes not `seen` only; mask of lanes reached."""
    del typing_context, offset, seen
    signature = types.int32(gathered, paths, types.int64, types.int32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        zero = ir.Constant(_PATHS, None)
        found = do.load(0, args[2], _PATHS)
        reached = builder.fcmp_ordered(">", found, zero)
        fresh = builder.and_(reached, builder.not_(do.lanes_of(args[3], _BOOLS)))
        do.store(builder.select(fresh, found, do.load(1, args[2], _PATHS)), 1, args[2], _PATHS)
        do.store(zero, 0, args[2], _PATHS)
        return do.mask_of(fresh)

    return signature, emit


@operation
def keep_lanes(typing_context, target, source, offset, mask):
    """`target[offset] = source[offset]` in the lanes of a mask, 0 in the others."""
    del typing_context, offset, mask
    signature = types.void(target, source, types.int64, types.int32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        chosen = do.lanes_of(args[3], _BOOLS)
        row = builder.select(chosen, do.load(1, args[2], _PATHS), ir.Constant(_PATHS, None))
        do.store(row, 0, args[2], _PATHS)
        return context.get_dummy_value()

    return signature, emit


@operation
def clear_paths(typing_context, rows, offset):
    """`rows[offset] = 0` in all eight lanes."""
    del typing_context, offset
    signature = types.void(rows, types.int64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        do.store(ir.Constant(_PATHS, None), 0, args[1], _PATHS)
        return context.get_dummy_value()

    return signature, emit


@operation
def share_paths(typing_context, shares, paths, offset, weight):
    """`shares[offset] = weight / paths[offset]` by lane; lanes without paths hold no meaning."""
    del typing_context, offset, weight
    signature = types.void(shares, paths, types.int64, types.float64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        share = builder.fdiv(do.splat(args[3], _PATHS), do.load(1, args[2], _PATHS))
        do.store(share, 0, args[2], _PATHS)
        return context.get_dummy_value()

    return signature, emit


@operation
def pull_dependency(
    typing_context, front, indices, start, stop, paths, shares, gathered, weights, offset, mask
):
    """Backward step of one node: its share and its successors' into `gathered`; weighted credit."""
    del typing_context, start, stop, offset, mask
    i64 = types.int64
    signature = types.float64(
        front, indices, i64, i64, paths, shares, gathered, weights, i64, types.int32
    )

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        zero, offset = ir.Constant(_PATHS, None), args[8]
        chosen = do.lanes_of(args[9], _BOOLS)
        beyond = do.folded(0, _PATHS, builder.fadd)
        share = builder.fadd(do.load(5, offset, _PATHS), beyond)
        do.store(builder.select(chosen, share, zero), 6, offset, _PATHS)
        weights = do.load(7, ir.Constant(_I64, 0), _PATHS)
        credit = builder.fmul(builder.fmul(beyond, do.load(4, offset, _PATHS)), weights)
        return _ordered_sum(builder, builder.select(chosen, credit, zero))

    return signature, emit


# --- 8 x uint64: which of 512 sources have been here ---------------------------------------------


@operation
def pull_bits(typing_context, front, indices, start, stop, seen, fresh, offset):
    """`fresh[offset]` = bits of the neighbours' front not yet `seen`; how many they are."""
    del typing_context, start, stop, offset
    i64 = types.int64
    signature = types.int64(front, indices, i64, i64, seen, fresh, i64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        arrived = do.folded(0, _BITS, builder.or_)
        row = builder.and_(arrived, builder.not_(do.load(4, args[6], _BITS)))
        do.store(row, 5, args[6], _BITS)
        return _count(builder, row)

    return signature, emit


@operation
def count_bits(typing_context, rows, offset, plane, plane_offset):
    """How many bits a row shares with a row of another array."""
    del typing_context, offset, plane_offset
    signature = types.int64(rows, types.int64, plane, types.int64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        row = builder.and_(do.load(0, args[1], _BITS), do.load(2, args[3], _BITS))
        return _count(builder, row)

    return signature, emit


@operation
def absorb_bits(typing_context, seen, front, fresh, offset, full):
    """`seen |= fresh` and `front = fresh` at an offset; bits of row `full` that are still missing."""
    del typing_context, offset
    signature = types.int64(seen, front, fresh, types.int64, full)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        row = do.load(2, args[3], _BITS)
        known = builder.or_(do.load(0, args[3], _BITS), row)
        do.store(known, 0, args[3], _BITS)
        do.store(row, 1, args[3], _BITS)
        whole = do.load(4, ir.Constant(_I64, 0), _BITS)
        return _count(builder, builder.and_(whole, builder.not_(known)))

    return signature, emit


@operation
def clear_bits(typing_context, rows, offset):
    """`rows[offset] = 0` in all eight words."""
    del typing_context, offset
    signature = types.void(rows, types.int64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        do = _Emitter(context, builder, signature, args)
        do.store(ir.Constant(_BITS, None), 0, args[1], _BITS)
        return context.get_dummy_value()

    return signature, emit


def _count(builder: Any, row: Any) -> Any:
    counted = ir.FunctionType(_BITS, [_BITS])
    counts = builder.call(
        cgutils.get_or_insert_function(builder.module, counted, "llvm.ctpop.v8i64"), [row]
    )
    return _total(builder, counts, BIT_WORDS)


def _total(builder: Any, row: Any, lanes: int) -> Any:
    """Sum of integer lanes, halves onto each other."""
    undefined = ir.Constant(row.type, ir.Undefined)
    half = lanes // 2
    while half:
        folded = [(lane + half) % lanes for lane in range(lanes)]
        order = ir.Constant(ir.VectorType(_I32, lanes), folded)
        row = builder.add(row, builder.shuffle_vector(row, undefined, order))
        half //= 2
    return builder.extract_element(row, ir.Constant(_I32, 0))

"""How each operation of TensorFlow rounds: never, once, or as a sum of n terms. Nothing here imports TensorFlow.

Operations in none of these tables are fused kernels: their operands are perturbed as well as their results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from gradwitness.rounding.vectors import Vectors


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXACT = _names("""
    Abs ArgMax ArgMin Assert BatchToSpaceND BroadcastTo Ceil CheckNumerics ClipByValue Complex Concat ConcatV2 Conj
    ConjugateTranspose Const DepthToSpace Diag DiagPart DynamicPartition DynamicStitch EmptyTensorList EnsureShape ExpandDims
    ExtractImagePatches ExtractVolumePatches Fill Floor Gather GatherNd GatherV2 Identity IdentityN Imag InplaceUpdate
    MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixSetDiag
    MatrixSetDiagV2 MatrixSetDiagV3 Max MaxPool MaxPool3D MaxPoolV2 MaxPoolWithArgmax Maximum Min Minimum MirrorPad Neg NoOp
    NthElement OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch Placeholder PlaceholderWithDefault PreventGradient Print
    RaggedGather RaggedTensorToTensor Range Rank Real Relu Relu6 Relu6Grad ReluGrad Reshape ResizeNearestNeighbor Reverse
    ReverseSequence ReverseV2 Rint Roll Round SegmentMax SegmentMaxV2 SegmentMin SegmentMinV2 Select SelectV2 Shape ShapeN Sign
    Size Slice Snapshot SpaceToBatchND SpaceToDepth SparseReorder SparseToDense Split SplitV Squeeze StopGradient StridedSlice
    StridedSliceGrad TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem
    TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListScatterV2
    TensorListSetItem TensorListSplit TensorListStack TensorScatterMax TensorScatterMin TensorScatterUpdate
    TensorStridedSliceUpdate Tile TopKV2 Transpose Unpack UnsortedSegmentMax UnsortedSegmentMin Where ZerosLike
""")
"""Operations that select or move, or change a sign."""

OF_COMPLEX = _names("Sign")
"""Those of them that compute where numbers are complex: the result rounds once."""

ONCE = _names("""
    Acos Acosh Add AddV2 Asin Asinh Atan Atan2 Atanh BesselI0e BesselI1e BiasAdd BiasAddV1 Cast ComplexAbs Cos Cosh Digamma Div
    DivNoNan Erf Erfc Erfinv Exp Expm1 FloorDiv FloorMod Inv LeakyRelu LeakyReluGrad Lgamma Log Log1p Mod Mul MulNoNan Ndtri
    Polygamma Pow RealDiv Reciprocal Rsqrt Sigmoid Sin Sinh Softplus Softsign Sqrt Square Sub Tan Tanh TruncateDiv Xdivy Xlog1py
    Xlogy
""")
"""Arithmetic and elementary functions: the result rounds once."""

PASSES = _names("Add AddV2 Sub Mul MulNoNan Div RealDiv LeakyRelu LeakyReluGrad")
"""Where the result is an operand (x + 0, 1 * x, the side of leaky_relu that does not compute), it is exact."""

NATIVE = _names("""
    Bitcast NextAfter StatelessMultinomial StatelessParameterizedTruncatedNormal StatelessRandomBinomial StatelessRandomGammaV3
    StatelessRandomGetAlg StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal
    StatelessRandomNormalV2 StatelessRandomPoisson StatelessRandomUniform StatelessRandomUniformFullInt
    StatelessRandomUniformFullIntV2 StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomUniformV2
    StatelessTruncatedNormal StatelessTruncatedNormalV2
""")
"""Operations that work on the bits of a number, or draw random numbers from a seed: they run in the dtypes that they claim."""

FOREIGN = _names("""
    EagerPyFunc Multinomial ParameterizedTruncatedNormal PyFunc PyFuncStateless RandomGamma RandomPoissonV2 RandomShuffle
    RandomStandardNormal RandomUniform RandomUniformInt RngReadAndSkip RngSkip StatefulRandomBinomial StatefulStandardNormalV2
    StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt StatefulUniformInt TruncatedNormal
""")
"""Operations that run Python code, or draw other random numbers at each call."""

SCATTERS = {"UnsortedSegmentSum": 0, "SegmentSum": 0, "ScatterNd": 1, "TensorScatterAdd": 2, "TensorScatterSub": 2}
"""Operations that add values to the elements that an index names -> which operand has the values."""

STORED = {"FusedBatchNormV3": 1}
"""Kernels that keep values between two sums in the dtype of a result -> which result. Others keep them as exact as they add."""

ADD_NARROWLY = ("LogSoftmax", "SparseSoftmaxCrossEntropyWithLogits")
"""Kernels of the CPU that add in the dtype of their results, also if that has 16 bits."""

Size = Callable[[Any], Any]
"""tensor -> its number of elements: an integer, or a tensor where it is known at run time alone."""
Length = Callable[[Any, Any, Size], Any]
"""(operands, attribute by name, size) -> the number of terms of each element of the result."""


def _axis(tensor: Any, axis: int) -> int:
    return int(tensor.shape[axis] or 1)


def _filter(which: int, kept: int) -> Length:
    """A convolution adds the products with the filter's elements, but for those of the channels that are kept."""
    return lambda operands, attr, size: size(operands[which]) // _axis(operands[which], kept)


def _positions(operands: Any, _attr: Any, size: Size) -> Any:
    return size(operands[2]) // _axis(operands[2], -1)


def _window(operands: Any, _attr: Any, _size: Size) -> int:
    return prod(operands[0].shape[i] or 1 for i in (0, 1))


CONTRACTIONS: Mapping[str, Length] = {
    "MatMul": lambda operands, attr, size: _axis(operands[0], 0 if attr("transpose_a") else 1),
    "BatchMatMul": lambda operands, attr, size: _axis(operands[0], -2 if attr("adj_x") else -1),
    "BatchMatMulV2": lambda operands, attr, size: _axis(operands[0], -2 if attr("adj_x") else -1),
    "BatchMatMulV3": lambda operands, attr, size: _axis(operands[0], -2 if attr("adj_x") else -1),
    "Einsum": lambda operands, attr, size: _einsum(operands, attr("equation").decode()),
    "Conv2D": _filter(1, -1),
    "Conv3D": _filter(1, -1),
    "Conv2DBackpropInput": _filter(1, -2),
    "Conv3DBackpropInputV2": _filter(1, -2),
    "Conv2DBackpropFilter": _positions,
    "Conv3DBackpropFilterV2": _positions,
    "DepthwiseConv2dNative": lambda operands, attr, size: _window(operands[1:], attr, size),
    "DepthwiseConv2dNativeBackpropInput": lambda operands, attr, size: _window(operands[1:], attr, size),
    "DepthwiseConv2dNativeBackpropFilter": _positions,
}
"""Sums of products of two factors -> their length."""


def _einsum(operands: Any, equation: str) -> int:
    """The product of the sizes of the letters that the result lacks."""
    inputs, out = equation.split("->")
    sizes: dict[str, int] = {}
    for letters, tensor in zip(inputs.split(","), operands, strict=True):
        names = letters.replace("...", "")
        for letter, axis in zip(names, range(-len(names), 0), strict=True):
            sizes[letter] = _axis(tensor, axis)
    return prod(size for letter, size in sizes.items() if letter not in out)


def _last(operands: Any, _attr: Any, _size: Size) -> int:
    return _axis(operands[0], -1)


def _channel(operands: Any, _attr: Any, size: Size) -> Any:
    return size(operands[0]) // _axis(operands[0], -1)


REDUCTIONS: Mapping[str, Length] = {
    "Softmax": _last,
    "LogSoftmax": _last,
    "SoftmaxCrossEntropyWithLogits": _last,
    "SparseSoftmaxCrossEntropyWithLogits": _last,
    "AddN": lambda operands, attr, size: len(operands),
    "AccumulateNV2": lambda operands, attr, size: len(operands),
    "Cumsum": lambda operands, attr, size: max(operands[0].shape.as_list() or [1]),
    "AvgPool": lambda operands, attr, size: prod(attr("ksize")),
    "AvgPool3D": lambda operands, attr, size: prod(attr("ksize")),
    "FusedBatchNormV3": _channel,
    "FusedBatchNormGradV3": _channel,
    "CTCLoss": lambda operands, attr, size: _axis(operands[0], 0),
}
"""Kernels that add along a dimension -> how many terms. Others: elements of the largest operand to one of the result."""

VECTORS = {"SelfAdjointEigV2": Vectors((1,)), "Svd": Vectors((1,), tied=2), "Eig": Vectors((1,), values=0)}
"""Decompositions -> which of their results are vectors."""

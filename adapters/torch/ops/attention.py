"""The reference's attention in PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layout import Layout

_PARAMETERS = tuple(f"{part}_{kind}" for part in ("query", "key", "value", "output") for kind in ("weight", "bias"))


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None = None, causal: bool = False, scale: float | None = None
) -> Tensor:
    if mask is not None and causal:  # the function takes one or the other
        mask, causal = mask & _causal(query, key), False
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal, scale=scale)


def multi_head_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    query_weight: Tensor,
    query_bias: Tensor,
    key_weight: Tensor,
    key_bias: Tensor,
    value_weight: Tensor,
    value_bias: Tensor,
    output_weight: Tensor,
    output_bias: Tensor,
    /,
    *,
    heads: int,
    mask: Tensor | None = None,
    causal: bool = False,
) -> Tensor:
    pairs = (query_weight, query_bias, key_weight, key_bias, value_weight, value_bias, output_weight, output_bias)
    stored = _stacked(dict(zip(_PARAMETERS, pairs, strict=True)))
    # The function that nn.MultiheadAttention.forward calls: the layer cannot be built within a function that is compiled.
    y, _ = F.multi_head_attention_forward(
        query.transpose(0, 1),  # (L, N, D)
        key.transpose(0, 1),
        value.transpose(0, 1),
        embed_dim_to_check=query.shape[-1],
        num_heads=heads,
        in_proj_weight=stored["in_proj_weight"],
        in_proj_bias=stored["in_proj_bias"],
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=stored["out_proj.weight"],
        out_proj_bias=stored["out_proj.bias"],
        need_weights=False,
        attn_mask=_left_out(query, key, mask, causal, heads),
    )
    return y.transpose(0, 1)


def _causal(query: Tensor, key: Tensor) -> Tensor:
    return torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()


def _left_out(query: Tensor, key: Tensor, mask: Tensor | None, causal: bool, heads: int) -> Tensor | None:
    """The mask of nn.MultiheadAttention: True where a key is left out, (L, S) or (N H, L, S)."""
    if causal:
        mask = _causal(query, key) if mask is None else mask & _causal(query, key)
    if mask is None:
        return None
    return ~mask if mask.ndim == 2 else ~mask.repeat_interleave(heads, dim=0)


def _attend(
    layer: nn.MultiheadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    heads: int,
    mask: Tensor | None = None,
    causal: bool = False,
) -> Tensor:
    y, _ = layer(query, key, value, attn_mask=_left_out(query, key, mask, causal, heads), need_weights=False)
    return y


def _stacked(params: dict[str, Tensor], **_: object) -> dict[str, Tensor]:
    parts = ("query", "key", "value")
    return {
        "in_proj_weight": torch.cat([params[f"{part}_weight"].T for part in parts]),
        "in_proj_bias": torch.cat([params[f"{part}_bias"] for part in parts]),
        "out_proj.weight": params["output_weight"].T,
        "out_proj.bias": params["output_bias"],
    }


def _apart(stored: dict[str, Tensor], **_: object) -> dict[str, Tensor]:
    weights = [weight.T for weight in (*stored["in_proj_weight"].chunk(3), stored["out_proj.weight"])]
    biases = [*stored["in_proj_bias"].chunk(3), stored["out_proj.bias"]]
    return dict(zip(_PARAMETERS, (array for pair in zip(weights, biases, strict=True) for array in pair), strict=True))


LAYOUTS = {
    "multi_head_attention": Layout(
        _PARAMETERS,
        _stacked,
        _apart,
        layer=lambda params, query, *_, heads, **_static: nn.MultiheadAttention(query.shape[-1], heads, batch_first=True),
        call=_attend,
    )
}

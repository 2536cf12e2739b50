"""A table of tensor operations with their results."""

import torch
from torch import nn

from .files import Collection, Values

FUNCTIONS = {
    "expand": lambda input, size: input.expand(size),
    "repeat": lambda input, repeats: input.repeat(repeats),
    "masked_fill": lambda input, mask, value: input.masked_fill(mask, value),
    "one_hot": lambda input, num_classes: nn.functional.one_hot(input, num_classes),
    "to": lambda input, dtype: input.to(getattr(torch, dtype)),
    "index": lambda input, entries: input[subscript(entries)],
    "index_by_tensor": lambda input, index: input[index],
    "index_by_mask": lambda input, mask: input[mask],
    "index_assign": lambda input, entries, value: assigned(input, entries, value),
}


def subscript(entries):
    """`"..."`, `null` for a new axis, an integer, or `{"slice": [start, stop, step]}` with nulls."""
    kinds = {"...": Ellipsis, None: None}
    return tuple(
        slice(*entry["slice"]) if isinstance(entry, dict) else entry if isinstance(entry, int) else kinds[entry]
        for entry in entries
    )


def assigned(input, entries, value):
    result = input.clone()
    result[subscript(entries)] = value
    return result


def cut(start=None, stop=None, step=None):
    return {"slice": [start, stop, step]}


def cases():
    values = Values("tensors")
    matrix, other = values.normal(3, 4), values.normal(3, 4)
    cube, row, column = values.normal(2, 3, 4), values.normal(4), values.normal(3, 1)
    positive = values.uniform((3, 4), 0.1, 3.0)
    integers, divisors = torch.tensor([[7, -7, 3], [-8, 5, 0]]), torch.tensor([[2, 2, -2], [3, -3, 4]])
    repeated = torch.tensor([[3.0, 1.0, 3.0, 2.0], [1.0, 1.0, 0.0, 1.0]])
    not_a_number = torch.tensor([[1.0, float("nan"), 2.0], [4.0, 3.0, float("inf")]])
    mask = matrix > 0

    def case(name, operation, arguments=None, **inputs):
        return name, operation, arguments or {}, inputs

    for operation in ("sum", "mean", "prod", "max", "min", "argmax", "argmin", "var", "std"):
        yield case(f"{operation}_all", operation, input=matrix)
        yield case(f"{operation}_first", operation, {"dim": 0}, input=matrix)
        yield case(f"{operation}_last_kept", operation, {"dim": -1, "keepdim": True}, input=cube)
    for operation in ("sum", "mean", "amax", "amin"):
        yield case(f"{operation}_two_dimensions", operation, {"dim": [0, 2]}, input=cube)
        yield case(f"{operation}_two_dimensions_kept", operation, {"dim": [0, 2], "keepdim": True}, input=cube)
    for operation in ("var", "std"):
        yield case(f"{operation}_population", operation, {"dim": 1, "correction": 0}, input=matrix)
    yield case("sum_integers", "sum", input=integers.int())
    yield case("sum_truths", "sum", {"dim": 1}, input=mask)
    yield case("sum_double", "sum", {"dim": 0, "dtype": "float64"}, input=matrix)
    yield case("sum_nothing", "sum", {"dim": 0}, input=torch.empty(0, 3))
    yield case("mean_nothing", "mean", {"dim": 0}, input=torch.empty(0, 2))
    yield case("max_not_a_number", "max", {"dim": 1}, input=not_a_number)
    yield case("any", "any", {"dim": 1}, input=mask)
    yield case("all", "all", {"dim": 0}, input=mask)
    yield case("count_nonzero", "count_nonzero", {"dim": 1}, input=integers)
    yield case("norm", "linalg.vector_norm", input=matrix)
    yield case("norm_rows", "linalg.vector_norm", {"ord": 1, "dim": [1]}, input=matrix)
    yield case("cumsum", "cumsum", {"dim": 1}, input=matrix)
    yield case("cumsum_integers", "cumsum", {"dim": 0}, input=integers.int())

    yield case("cat_rows", "cat", {"dim": 0}, tensors=[matrix, other])
    yield case("cat_columns", "cat", {"dim": -1}, tensors=[matrix, column, other])
    yield case("cat_promoted", "cat", {"dim": 0}, tensors=[integers, torch.tensor([[0.5, 1.5, 2.5]])])
    yield case("stack_first", "stack", {"dim": 0}, tensors=[matrix, other])
    yield case("stack_last", "stack", {"dim": -1}, tensors=[matrix, other])
    yield case("split", "split", {"split_size_or_sections": 3, "dim": 1}, tensor=matrix)
    yield case("split_sections", "split", {"split_size_or_sections": [1, 3], "dim": 1}, tensor=matrix)
    yield case("chunk", "chunk", {"chunks": 3, "dim": 1}, input=matrix)
    yield case("chunk_fewer", "chunk", {"chunks": 4, "dim": 0}, input=torch.arange(6.0))
    yield case("unbind", "unbind", {"dim": 1}, input=cube)

    yield case("permute", "permute", {"dims": [2, 0, 1]}, input=cube)
    yield case("transpose", "transpose", {"dim0": 0, "dim1": -1}, input=cube)
    yield case("reshape", "reshape", {"shape": [4, -1]}, input=cube)
    yield case("flatten", "flatten", {"start_dim": 1, "end_dim": -1}, input=cube)
    yield case("flatten_scalar", "flatten", input=torch.tensor(2.5))
    yield case("squeeze", "squeeze", input=cube[:1, :, :1])
    yield case("squeeze_dimension", "squeeze", {"dim": -1}, input=cube[:1, :, :1])
    yield case("squeeze_not_one", "squeeze", {"dim": 1}, input=cube[:1, :, :1])
    yield case("unsqueeze_first", "unsqueeze", {"dim": 0}, input=matrix)
    yield case("unsqueeze_last", "unsqueeze", {"dim": -1}, input=matrix)
    yield case("expand", "expand", {"size": [2, -1, 4]}, input=column)
    yield case("repeat", "repeat", {"repeats": [2, 1, 3]}, input=column)
    yield case("flip", "flip", {"dims": [0, 2]}, input=cube)
    yield case("roll", "roll", {"shifts": 1, "dims": 1}, input=matrix)
    yield case("tril", "tril", {"diagonal": -1}, input=matrix)
    yield case("triu", "triu", {"diagonal": 1}, input=matrix)

    yield case("gather", "gather", {"dim": 1}, input=matrix, index=torch.tensor([[3, 0], [1, 1], [2, 0]]))
    yield case("gather_first", "gather", {"dim": 0}, input=matrix, index=torch.tensor([[2, 0, 1, 0]]))
    yield case("index_select", "index_select", {"dim": 0}, input=cube, index=torch.tensor([1, 0, 1]))
    yield case("index_select_last", "index_select", {"dim": -1}, input=cube, index=torch.tensor([3, 3]))
    yield case("masked_fill", "masked_fill", {"value": -1.5}, input=matrix, mask=mask)
    yield case("masked_fill_broadcast", "masked_fill", {"value": 0.0}, input=matrix, mask=column > 0)
    yield case("masked_select", "masked_select", input=matrix, mask=mask)
    yield case("where", "where", condition=mask, input=matrix, other=other)
    yield case("where_broadcast", "where", condition=mask, input=column, other=row)
    yield case("nonzero", "nonzero", input=mask)
    yield case("one_hot", "one_hot", {"num_classes": 5}, input=torch.tensor([[1, 0], [4, 2]]))
    yield case("index_integer", "index", {"entries": [1]}, input=cube)
    yield case("index_negative", "index", {"entries": [-1, 0, -2]}, input=cube)
    yield case("index_slice", "index", {"entries": [cut(), cut(1, 3)]}, input=cube)
    yield case("index_slice_past_end", "index", {"entries": [cut(1, 100)]}, input=matrix)
    yield case("index_slice_negative", "index", {"entries": [cut(-2), cut(None, -1)]}, input=matrix)
    yield case("index_slice_step", "index", {"entries": [cut(), cut(1, None, 2)]}, input=matrix)
    yield case("index_slice_empty", "index", {"entries": [cut(2, 1)]}, input=matrix)
    yield case("index_ellipsis", "index", {"entries": ["...", 2]}, input=cube)
    yield case("index_new_axis", "index", {"entries": [cut(), None, 1]}, input=matrix)
    yield case("index_by_tensor", "index_by_tensor", input=matrix, index=torch.tensor([[2, 0], [-1, 1]]))
    rows = torch.tensor([[True, False, True], [False, True, False]])
    yield case("index_by_mask", "index_by_mask", input=cube, mask=rows)
    yield case("index_assign", "index_assign", {"entries": [cut(), cut(1, 3)], "value": 9.0}, input=matrix)

    for operation in ("add", "sub", "mul", "div", "maximum", "minimum"):
        yield case(f"{operation}_broadcast", operation, input=matrix, other=row)
    yield case("pow_broadcast", "pow", input=positive, exponent=row)
    yield case("add_row_and_column", "add", input=row, other=column)
    yield case("add_scalar_tensor", "add", input=matrix, other=torch.tensor(2.5))
    yield case("add_promoted", "add", input=integers, other=torch.tensor([0.5, 1.5, 2.5]))
    yield case("add_promoted_double", "add", input=matrix, other=other.double())
    yield case("add_integers", "add", input=integers.int(), other=divisors)
    yield case("add_truths", "add", input=mask, other=integers[0, 0])
    yield case("div_integers", "div", input=integers, other=divisors)
    yield case("div_floor", "div", {"rounding_mode": "floor"}, input=integers, other=divisors)
    yield case("div_trunc", "div", {"rounding_mode": "trunc"}, input=integers, other=divisors)
    yield case("remainder", "remainder", input=integers, other=divisors)
    for operation in ("eq", "ne", "lt", "le", "gt", "ge"):
        yield case(operation, operation, input=repeated, other=torch.tensor([1.0, 1.0, 3.0, 2.0]))
    yield case("eq_not_a_number", "eq", input=not_a_number, other=not_a_number)
    yield case("isnan", "isnan", input=not_a_number)
    yield case("isfinite", "isfinite", input=not_a_number)
    yield case("logical_and", "logical_and", input=mask, other=other > 0)
    yield case("logical_not", "logical_not", input=mask)

    yield case("clamp", "clamp", {"min": -0.5, "max": 0.25}, input=matrix)
    yield case("clamp_minimum", "clamp", {"min": 0.0}, input=matrix)
    yield case("clamp_crossed", "clamp", {"min": 1.0, "max": -1.0}, input=matrix)
    for operation in ("exp", "abs", "sign", "neg", "sin", "cos", "tanh", "sigmoid", "square", "floor", "ceil", "round"):
        yield case(operation, operation, input=matrix)
    yield case("round_half_to_even", "round", input=torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]))
    for operation in ("log", "sqrt", "rsqrt", "reciprocal"):
        yield case(operation, operation, input=positive)
    yield case("log_edges", "log", input=torch.tensor([0.0, -1.0, 1.0]))
    yield case("sign_edges", "sign", input=torch.tensor([0.0, -0.0, float("nan"), -2.0]))
    yield case("pow_scalar", "pow", {"exponent": 3}, input=matrix)
    yield case("pow_fraction", "pow", {"exponent": 0.5}, input=positive)
    yield case("softmax", "softmax", {"dim": 1}, input=matrix)
    yield case("softmax_first", "softmax", {"dim": 0}, input=cube)
    yield case("softmax_large", "softmax", {"dim": 0}, input=torch.tensor([1000.0, 1001.0, -1000.0]))
    yield case("log_softmax", "log_softmax", {"dim": 1}, input=matrix)
    yield case("log_softmax_middle", "log_softmax", {"dim": 1}, input=cube)
    yield case("logsumexp", "logsumexp", {"dim": 1}, input=matrix)

    yield case("matmul_matrices", "matmul", input=matrix, other=other.t())
    yield case("matmul_vectors", "matmul", input=row, other=row)
    yield case("matmul_matrix_vector", "matmul", input=matrix, other=row)
    yield case("matmul_vector_matrix", "matmul", input=row, other=matrix.t())
    yield case("matmul_batch", "matmul", input=cube, other=cube.transpose(1, 2))
    yield case("matmul_batch_broadcast", "matmul", input=cube, other=matrix.t())
    yield case("matmul_integers", "matmul", input=integers, other=divisors.t())
    yield case("outer", "outer", input=row, vec2=column[:, 0])
    yield case("topk", "topk", {"k": 2, "dim": 1}, input=matrix)
    yield case("topk_smallest", "topk", {"k": 2, "dim": 0, "largest": False}, input=matrix)
    yield case("sort", "sort", {"dim": 1, "stable": True}, input=repeated)
    yield case("sort_descending", "sort", {"dim": 1, "descending": True, "stable": True}, input=repeated)
    yield case("argsort", "argsort", {"dim": 0}, input=matrix)
    yield case("to_int64", "to", {"dtype": "int64"}, input=matrix * 3)
    yield case("to_bool", "to", {"dtype": "bool"}, input=integers)
    yield case("to_float16", "to", {"dtype": "float16"}, input=matrix)
    yield case("to_bfloat16", "to", {"dtype": "bfloat16"}, input=matrix)
    yield case("arange", "arange", {"start": 1.0, "end": 2.0, "step": 0.3})
    yield case("arange_integers", "arange", {"start": 2, "end": 11, "step": 3})
    yield case("linspace", "linspace", {"start": -1.0, "end": 1.0, "steps": 6})
    yield case("eye", "eye", {"n": 3, "m": 4})


def function(operation):
    if operation in FUNCTIONS:
        return FUNCTIONS[operation]
    found = torch
    for part in operation.split("."):
        found = getattr(found, part)
    return found


def make(arguments):
    collection = Collection("tensors")
    for case in cases():
        record(collection, *case)
    return collection.write(arguments.output)


def record(collection, name, operation, arguments, inputs):
    kept = {
        role: [collection.tensor(f"{name}/{role}/{index}", each) for index, each in enumerate(value)]
        if isinstance(value, list)
        else collection.tensor(f"{name}/{role}", value)
        for role, value in inputs.items()
    }
    given = dict(arguments)
    if operation != "to" and "dtype" in given:
        given["dtype"] = getattr(torch, given["dtype"])
    result = function(operation)(**inputs, **given)
    results = [result] if isinstance(result, torch.Tensor) else list(result)
    collection.cases.append({
        "name": name,
        "operation": operation,
        "inputs": kept,
        "arguments": arguments,
        "outputs": [collection.tensor(f"{name}/output/{index}", value) for index, value in enumerate(results)],
    })

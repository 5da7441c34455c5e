from __future__ import annotations

from dnnexp.data.columns import dropping, listed, meant

MANY = [f"column_{i}" for i in range(5000)]


def test_the_nearest_column_is_named_among_few_and_among_many() -> None:
    assert meant("prise", ["price", "size"]) == "did you mean 'price'? choices: price, size"
    assert meant("colum_17", MANY) == "did you mean 'column_17'? it has 5,000 columns"
    assert meant("zzz", MANY) == "it has 5,000 columns"


def test_a_list_of_many_columns_stays_one_line() -> None:
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed(MANY).endswith("'column_19' and 4,980 more")
    assert dropping(["a", "b c"]) == "'data.drop=[a,\"b c\"]'"
    assert len(dropping(MANY)) < 300

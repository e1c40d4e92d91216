"""YAML is read as nodes with their lines, fast where that is possible, and never for long."""

import pytest
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from buttress.analysis.delivery.yaml_nodes import composed


def shown(node: Node) -> object:
    """Return a node as plain data, scalars as written, with the line of each, from 0."""
    line = node.start_mark.line
    if isinstance(node, ScalarNode):
        return f"{node.value}@{line}"
    if isinstance(node, SequenceNode):
        return [shown(item) for item in node.value]
    assert isinstance(node, MappingNode)
    return {shown(key): shown(value) for key, value in node.value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on: [push]\nname: 1\n", {"on@0": ["push@0"], "name@1": "1@1"}),
        ("a:\n  - b: 1\n    c: yes\n", {"a@0": [{"b@1": "1@1", "c@2": "yes@2"}]}),
        ("run: |\n  one\n  two\n", {"run@0": "one\ntwo\n@0"}),
        ("a: &x {b: 1}\nc: *x\n", {"a@0": {"b@0": "1@0"}, "c@1": {"b@0": "1@0"}}),
        ("- ${{ a }}\n- 'it''s'\n", ["${{ a }}@0", "it's@1"]),
        ("a: x\u2028y\n", {"a@0": "x\u2028y@0"}),
    ],
)
def test_scalars_are_read_as_written(text: str, expected: object) -> None:
    assert [shown(node) for node in composed(text)] == [expected]


def test_each_document_is_one_node() -> None:
    assert [shown(node) for node in composed("---\na: 1\n---\n- 2\n")] == [{"a@1": "1@1"}, ["2@3"]]
    assert composed("# nothing\n") == []


def test_an_anchor_ends_with_its_document() -> None:
    with pytest.raises(ValueError, match="line 3 is no YAML"):
        composed("--- &x 1\n---\n*x\n")


@pytest.mark.parametrize(
    "text",
    ["a: b: c\n", "a: [1\n", "a: *missing\n", "\t- a\n", "- " * 5000, "? " * 5000, "{a: " * 20_000],
)
def test_what_is_no_yaml_or_nested_too_deeply_is_a_problem(text: str) -> None:
    with pytest.raises(ValueError, match="no YAML"):
        composed(text)

"""Expressions in scripts: whose text they expand, and what can stand in their place."""

import pytest

from buttress.rewrites.workflow_expressions import injections, variable_name


@pytest.mark.parametrize(
    ("script", "reads_as"),
    [
        ("echo ${{ github.head_ref }}", '"${HEAD_REF}"'),
        ('echo "a ${{ github.head_ref }}"', "${HEAD_REF}"),
        ("echo 'a' ${{ github.head_ref }}", '"${HEAD_REF}"'),
        ('echo "it\'s ${{ github.head_ref }}"', "${HEAD_REF}"),
        ("# don't\necho ${{ github.head_ref }}", '"${HEAD_REF}"'),
        ('echo \\" ${{ github.head_ref }}', '"${HEAD_REF}"'),
        ("echo '${{ github.head_ref }}'", None),
        ("cat <<E\n${{ github.head_ref }}\nE", None),
    ],
)
def test_quotes_decide_how_the_variable_is_written(script: str, reads_as: str | None) -> None:
    (found,) = injections(script)

    assert found.reads_as == reads_as
    assert script[found.start : found.end] == "${{ github.head_ref }}"


@pytest.mark.parametrize(
    "context",
    [
        "github.event.issue.title",
        "github.event.pull_request.body",
        "github.event.pull_request.head.ref",
        "github.event.comment.body",
        "github.event.head_commit.message",
        "github.event.commits[0].author.email",
        "github.event.workflow_run.head_branch",
    ],
)
def test_texts_of_strangers(context: str) -> None:
    assert len(injections(f"echo ${{{{ {context} }}}}")) == 1


@pytest.mark.parametrize(
    "context",
    [
        "github.sha",
        "github.event.pull_request.number",
        "github.event.pull_request.head.sha",
        "github.ref_name",
        "secrets.TOKEN",
        "needs.a.outputs.body",
        "github.event.issue.title_length",
    ],
)
def test_other_texts(context: str) -> None:
    assert injections(f"echo ${{{{ {context} }}}}") == []


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ("github.head_ref", "HEAD_REF"),
        ("github.event.pull_request.head.ref", "PULL_REQUEST_HEAD_REF"),
        ("github.event.commits[0].author.email", "COMMITS_0_AUTHOR_EMAIL"),
    ],
)
def test_a_variable_is_named_after_its_context(context: str, name: str) -> None:
    assert variable_name(context) == name

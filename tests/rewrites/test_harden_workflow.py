"""Workflows: rights, ends, commits and scripts; comments and every other line stay."""

from textwrap import dedent

import pytest

from buttress.rewrites.action_pins import pins
from buttress.rewrites.harden_workflow import harden
from buttress.rewrites.outcomes import Abstained, Changed
from buttress.source import apply_edits
from buttress.source.yaml_editor import YamlText

CHECKOUT = pins()["actions/checkout"]


def hardened(text: str) -> str:
    """Return a workflow after all changes, and check that a second run changes nothing."""
    changes = [o for o in harden("ci.yml", text) if isinstance(o, Changed)]
    assert all(change.reason for change in changes)
    after = apply_edits(text, [edit for change in changes for edit in change.edits])
    assert not [o for o in harden("ci.yml", after) if isinstance(o, Changed)]
    return after


def codes(text: str) -> list[str]:
    return [o.code for o in harden("ci.yml", text) if isinstance(o, Abstained)]


def limited(steps: str, *, trigger: str = "push", job: str = "") -> str:
    """Return a workflow in which nothing but the given steps can be hardened."""
    head = (
        f"on: {trigger}\npermissions: {{}}\nconcurrency: x\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
        f"    timeout-minutes: 5\n{job}    steps:\n"
    )
    return head + "".join(
        f"      {line}\n" if line else "\n" for line in dedent(steps).splitlines()
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_usual_workflow(newline: str) -> None:
    before = dedent("""\
        # Tests
        name: CI
        on: [push, pull_request]

        jobs:
          # all of them
          test:
            runs-on: ubuntu-latest  # newest
            steps:
              - uses: actions/checkout@v7.0.1   # code
                with:
                  fetch-depth: 0
              - uses: actions/setup-python@v5
              - name: 'Tests'
                run: |
                  pip install -r requirements.txt

                  pytest
        """)
    after = dedent(f"""\
        # Tests
        name: CI
        on: [push, pull_request]

        permissions:
          contents: read

        concurrency:
          group: ${{{{ github.workflow }}}}-${{{{ github.event.pull_request.number || github.run_id }}}}
          cancel-in-progress: true

        jobs:
          # all of them
          test:
            runs-on: ubuntu-latest  # newest
            timeout-minutes: 120
            steps:
              - uses: actions/checkout@{CHECKOUT.sha} # v7.0.1   # code
                with:
                  fetch-depth: 0
                  persist-credentials: false
              - uses: actions/setup-python@v5
              - name: 'Tests'
                run: |
                  pip install -r requirements.txt

                  pytest
        """)

    assert hardened(before.replace("\n", newline)) == after.replace("\n", newline)


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ("actions/checkout@v7.0.1", f"actions/checkout@{CHECKOUT.sha} # v7.0.1"),
        ("'actions/checkout@v7.0.1'", f"'actions/checkout@{CHECKOUT.sha}' # v7.0.1"),
        ("Actions/Checkout@v7.0.1", f"Actions/Checkout@{CHECKOUT.sha} # v7.0.1"),
        ("actions/checkout@v7", None),
        ("actions/checkout@v4", None),
        ("actions/checkout@main", None),
        ("codecov/codecov-action@v7.0.0", None),
        ("someone/unknown@v1.0.0", None),
    ],
)
def test_only_exactly_the_known_release_is_pinned(uses: str, expected: str | None) -> None:
    step = "- uses: {}\n  with:\n    persist-credentials: true"
    text = limited(step.format(uses))

    assert hardened(text) == (limited(step.format(expected)) if expected else text)
    assert ("unpinned-action" in codes(text)) is (expected is None)


@pytest.mark.parametrize("uses", [f"a/b@{'0' * 40}", "./local", "docker://alpine:3"])
def test_what_cannot_move_or_is_local_is_good(uses: str) -> None:
    text = limited(f"- uses: {uses}")

    assert hardened(text) == text
    assert codes(text) == []


def test_jobs_with_rights_of_their_own_leave_none_on_top() -> None:
    text = "on: push\n\njobs:\n  a:\n    permissions: {contents: write}\n    uses: ./x.yml\n"

    assert hardened(text) == text.replace("\n\njobs", "\n\npermissions: {}\n\njobs")


@pytest.mark.parametrize(
    "step",
    [
        "- run: gh pr comment -b hi",
        "- run: git push",
        "- uses: someone/action@v1",
        "- run: x\n  env:\n    TOKEN: ${{ secrets.GITHUB_TOKEN }}",
        "- uses: docker/login-action@v3\n  with:\n    password: ${{ github.token }}",
    ],
)
def test_rights_stay_where_the_token_may_be_used(step: str) -> None:
    text = limited(step).replace("permissions: {}\n", "")

    assert "permissions" not in hardened(text)
    assert "permissions" in codes(text)


def test_one_job_that_only_reads_is_limited_beside_one_that_may_not() -> None:
    text = dedent("""\
        on: push
        concurrency: x
        jobs:
          a:
            runs-on: ubuntu-latest
            timeout-minutes: 5
            steps:
              - run: pytest
          b:
            runs-on: ubuntu-latest
            timeout-minutes: 5
            steps:
              - run: gh release create
        """)

    first = "ubuntu-latest\n    timeout"
    limited_a = text.replace(
        first, "ubuntu-latest\n    permissions:\n      contents: read\n    timeout", 1
    )
    assert hardened(text) == limited_a


@pytest.mark.parametrize("trigger", ["push", "[push, workflow_dispatch]", "pull_request_target"])
def test_only_runs_of_pull_requests_are_cancelled(trigger: str) -> None:
    text = limited("- run: x", trigger=trigger).replace("concurrency: x\n", "")

    assert hardened(text) == text


@pytest.mark.parametrize(
    "step",
    [
        "- run: terraform plan",
        "- run: |\n    cd infra\n    kubectl apply -f .",
        "- uses: hashicorp/setup-terraform@v3",
        "- run: fly deploy --remote-only",
    ],
)
def test_runs_that_work_on_systems_outside_are_not_cancelled(step: str) -> None:
    text = limited(step, trigger="pull_request").replace("concurrency: x\n", "")

    assert hardened(text) == text
    assert "concurrency" in codes(text)


@pytest.mark.parametrize(
    "step", ["- run: pytest -k terraform", "- run: aws_tests.sh", "- run: ruff check ."]
)
def test_runs_of_checks_are_cancelled(step: str) -> None:
    text = limited(step, trigger="pull_request").replace("concurrency: x\n", "")

    assert "cancel-in-progress: true" in hardened(text)


@pytest.mark.parametrize(
    "later",
    ["- run: git push origin main", "- run: git fetch", "- uses: peaceiris/actions-gh-pages@v4"],
)
def test_credentials_stay_where_something_may_use_them(later: str) -> None:
    text = limited(f"- uses: actions/checkout@v4\n{later}")

    assert hardened(text) == text
    assert "persist-credentials" in codes(text)


def test_credentials_are_dropped_where_only_the_history_is_read() -> None:
    text = limited("- uses: actions/checkout@v4\n- run: git log -1 && git diff --stat")
    added = "- uses: actions/checkout@v4\n  with:\n    persist-credentials: false"

    assert hardened(text) == limited(f"{added}\n- run: git log -1 && git diff --stat")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            '- run: echo "${{ github.event.issue.title }}"',
            '- run: echo "${ISSUE_TITLE}"\n  env:\n    ISSUE_TITLE: ${{ github.event.issue.title }}',
        ),
        (
            "- run: git checkout ${{ github.head_ref }}\n  env:\n    A: b  # c",
            (
                '- run: git checkout "${HEAD_REF}"\n  env:\n    A: b  # c\n'
                "    HEAD_REF: ${{ github.head_ref }}"
            ),
        ),
        (
            "- name: x\n  run: |\n    # why ' not\n    B=${{ github.head_ref || 'main' }}\n    echo $B",
            (
                '- name: x\n  run: |\n    # why \' not\n    B="${HEAD_REF}"\n    echo $B\n'
                "  env:\n    HEAD_REF: ${{ github.head_ref || 'main' }}"
            ),
        ),
    ],
)
def test_a_strangers_text_becomes_a_variable(step: str, expected: str) -> None:
    assert hardened(limited(step)) == limited(expected)


@pytest.mark.parametrize(
    ("step", "reported"),
    [
        ("- run: echo '${{ github.head_ref }}'", True),
        ("- run: |\n    cat <<EOF\n    ${{ github.head_ref }}\n    EOF", True),
        ("- run: echo ${{ github.head_ref }}\n  shell: pwsh", True),
        ("- run: print('${{ github.head_ref }}')\n  shell: python", True),
        ("- run: echo ${{ github.head_ref }} $HEAD_REF", True),
        ("- uses: ./x\n  with:\n    script: f('${{ github.event.comment.body }}')", True),
        ("- run: echo ${{ github.sha }} ${{ github.event.pull_request.number }}", False),
        ("- run: echo ${{ matrix.head_ref }} ${{ steps.a.outputs.title }}", False),
        ("- if: github.head_ref == 'x'\n  run: echo", False),
        ("- run: echo\n  env:\n    T: ${{ github.event.issue.title }}", False),
    ],
)
def test_other_scripts_are_left_alone(step: str, reported: bool) -> None:
    text = limited(step)

    assert hardened(text) == text
    assert ("template-injection" in codes(text)) is reported


def test_a_script_for_an_unknown_shell_is_left_alone() -> None:
    text = limited("- run: echo ${{ github.head_ref }}").replace("ubuntu-latest", "windows-latest")

    assert hardened(text) == text


@pytest.mark.parametrize(
    ("step", "soft"),
    [
        ("- run: pytest || true", True),
        ("- run: bandit -r . --exit-zero", True),
        ("- name: Run linter\n  run: npm run lint\n  continue-on-error: true", True),
        ("- run: rm -f x || true", False),
        ("- run: pytest", False),
        ("- uses: ./upload-coverage\n  continue-on-error: true", False),
    ],
)
def test_gates_that_cannot_fail_are_reported(step: str, soft: bool) -> None:
    text = limited(step)

    assert hardened(text) == text
    assert ("soft-fail" in codes(text)) is soft


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "jobs: [\n", "name: x\n", "a: 1\n---\nb: 2\n", "- a\n"]
)
def test_what_is_no_workflow_is_left_alone(text: str) -> None:
    assert hardened(text) == text
    assert codes(text) == ["not-a-workflow"]


def test_a_workflow_that_calls_others_has_no_time_limit_of_its_own() -> None:
    text = "on: push\npermissions: {}\njobs:\n  a:\n    uses: ./.github/workflows/x.yml\n"

    assert hardened(text) == text


def test_shared_steps_are_not_edited_where_they_are_only_named() -> None:
    text = limited("- &code\n  uses: actions/checkout@v4\n- *code")

    after = hardened(text)

    assert after.count("persist-credentials: false") == 1
    assert (
        YamlText(after).scalar(("jobs", "a", "steps", 1, "with", "persist-credentials")) == "false"
    )

"""A name that lost its last use goes, and no other."""

import pytest

from buttress.rewrites.leftovers import drop_leftovers
from buttress.source import Module, Text, apply_edits


def dropped(before: str, after: str) -> str:
    edits = drop_leftovers(Module("m.py", Text(before)), Module("m.py", Text(after)))
    return apply_edits(after, edits)


HANDLER = "try:\n    work()\nexcept {}:\n    {}\n"


@pytest.mark.parametrize(
    ("clause", "left"),
    [
        ("Exception as e", "Exception"),
        ("(KeyError, ValueError) as error", "(KeyError, ValueError)"),
        ("(OSError) as e", "(OSError)"),
        ("Exception  as  e ", "Exception"),
    ],
)
def test_the_name_of_an_exception_goes_with_its_last_use(clause: str, left: str) -> None:
    name = clause.rsplit(maxsplit=1)[-1]

    assert dropped(HANDLER.format(clause, f"log({name})"), HANDLER.format(clause, "log()")) == (
        HANDLER.format(left, "log()")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # it was not used before either
        ("log()", "log(1)"),
        # it is used still
        ("log(e); raise e", "log(); raise e"),
        ("log(e, str(e))", "log(str(e))"),
    ],
)
def test_the_name_of_an_exception_stays(before: str, after: str) -> None:
    after = HANDLER.format("Exception as e", after)

    assert dropped(HANDLER.format("Exception as e", before), after) == after


def test_each_block_is_looked_at_alone() -> None:
    block = "def f():\n" + "".join(
        f"    {line}\n" for line in HANDLER.format("Exception as e", "{}").splitlines()
    )
    before = block.replace("{}", "log(e)") + block.replace("{}", "log(e)")
    after = block.replace("{}", "log(e)") + block.replace("{}", "log()")

    assert dropped(before, after) == block.replace("{}", "log(e)") + block.replace(
        " as e", ""
    ).replace("{}", "log()")


FUNCTION = "def f():\n    import traceback\n    {}\n"


def test_an_import_inside_a_function_goes_with_its_last_use() -> None:
    assert dropped(FUNCTION.format("traceback.print_exc()"), FUNCTION.format("log()")) == (
        "def f():\n    log()\n"
    )


def test_an_import_inside_a_block_of_the_module_goes_as_well() -> None:
    block = "try:\n    work()\nexcept Exception:\n    import traceback\n    {}\n"

    assert dropped(block.format("traceback.print_exc()"), block.format("log()")) == (
        "try:\n    work()\nexcept Exception:\n    log()\n"
    )


def test_an_import_that_other_blocks_repeat_goes_block_by_block() -> None:
    block = "    if x:\n        import traceback\n        {}\n"
    before = "def f(x):\n" + block.format("traceback.print_exc()") * 2
    after = "def f(x):\n" + block.format("traceback.print_exc()") + block.format("log()")

    assert dropped(before, after) == (
        "def f(x):\n" + block.format("traceback.print_exc()") + "    if x:\n        log()\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # it never had a use: it may be there for what importing does
        (FUNCTION.format("log()"), FUNCTION.format("log(1)")),
        # another use, also behind the block
        (FUNCTION.format("traceback.a()"), FUNCTION.format("return traceback")),
        (
            "def f(x):\n    if x:\n        import a\n        a.b()\n    a.c()\n",
            "def f(x):\n    if x:\n        import a\n        log()\n    a.c()\n",
        ),
        # nothing else in the block
        ("def f():\n    import a; a.b()\n", "def f():\n    import a; log()\n"),
        (
            "if x:\n    import a\n    a.b()\na.c()\n",
            "if x:\n    import a\n    log()\na.c()\n",
        ),
        # the top of a module is not looked at here
        ("import a\na.b()\n", "import a\nlog()\n"),
    ],
)
def test_an_import_inside_a_function_stays(before: str, after: str) -> None:
    assert dropped(before, after) == after

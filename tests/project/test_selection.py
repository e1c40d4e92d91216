"""A service is chosen, or the choice is explained."""

import pytest

from buttress.errors import NothingToInspectError, UserError
from buttress.project import select_service
from tests.project.trees import FASTAPI, FLASK, project

TWO = {
    "orders/main.py": FASTAPI,
    "orders/requirements.txt": "fastapi\n",
    "users/app.py": FLASK,
    "users/requirements.txt": "flask\n",
}


def test_the_only_service_needs_no_name() -> None:
    assert select_service(project({"main.py": FASTAPI}), None).root == ""


@pytest.mark.parametrize("directory", ["users", "./users/", "users\\", " users "])
def test_a_service_by_its_folder(directory: str) -> None:
    assert select_service(project(TWO), directory).root == "users"


def test_a_folder_that_holds_the_app_names_it_where_the_manifest_lies_above() -> None:
    above = project({"backend/main.py": FASTAPI, "requirements.txt": "fastapi\n"})

    assert select_service(above, "backend").root == ""


def test_a_folder_above_several_services_names_none() -> None:
    deeper = project({f"apps/{path}": text for path, text in TWO.items()})

    with pytest.raises(UserError, match="no service has this folder"):
        select_service(deeper, "apps")


def test_the_root_is_a_dot() -> None:
    assert select_service(project({"main.py": FASTAPI}), ".").root == ""


def test_several_services_are_listed() -> None:
    with pytest.raises(UserError) as caught:
        select_service(project(TWO))
    message = str(caught.value)
    assert caught.value.exit_code == 2
    assert "There are 2 services here" in message
    assert "--service orders  fastapi, orders/main.py:3" in message
    assert "--service users   flask, users/app.py:3" in message


def test_a_folder_with_a_copy_of_another_app_is_told_of_it() -> None:
    routes = "\n".join(f"@app.get('/{name}')\ndef {name}(): ...\n" for name in "abc")
    app = f"{FASTAPI}\n{routes}"
    copies = project({"first/main.py": app, "second/main.py": app, "users/app.py": FLASK})

    with pytest.raises(UserError, match=r"copy of first/main\.py") as caught:
        select_service(copies, "second")

    assert "--service first" in str(caught.value)
    assert "--service second " not in str(caught.value)


def test_a_wrong_folder_gets_the_nearest_one() -> None:
    with pytest.raises(UserError, match="Did you mean users") as caught:
        select_service(project(TWO), "user")
    assert "--service orders" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"README.md": "x"}, "no Python file"),
        ({"tool.py": "print(1)\n"}, "no file makes an app object"),
        ({"tests/test_a.py": FASTAPI}, "tests/test_a.py:3 was passed over: in a test"),
        ({"app.py": "from sanic import Sanic\napp = Sanic('x')\n"}, "app.py:1 uses sanic"),
    ],
)
def test_nothing_to_inspect(files: dict[str, str], words: str) -> None:
    with pytest.raises(NothingToInspectError) as caught:
        select_service(project(files))
    assert words in str(caught.value)
    assert caught.value.exit_code == 3


def test_what_else_is_there_is_named() -> None:
    files = {
        "web/package.json": '{"dependencies": {"next": "16.0.0", "react": "19.2.0"}}',
        "web/tsconfig.json": "{}",
        "tool/go.mod": "module tool\n",
    }

    with pytest.raises(NothingToInspectError) as caught:
        select_service(project(files), None)

    assert "There is no Python file here" in str(caught.value)
    assert "web/package.json (TypeScript with next, react), tool/go.mod (go)." in str(caught.value)

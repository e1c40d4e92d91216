"""One visible line after the app object, in the file's own style, or a reason why not."""

from collections.abc import Mapping
from textwrap import dedent

import pytest

from buttress.planning.wiring import Line, wire
from buttress.project import inspect_project, select_service
from buttress.rewrites.engine import Outcomes, settle
from buttress.rewrites.outcomes import Safety
from buttress.source import Draft, Tree

ORDERS = {"install_logs": 10, "install_errors": 20, "install_limits": 30}
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def _line(name: str) -> Line:
    return Line(
        ORDERS[f"install_{name}"],
        Safety.SAFE,
        "It is wired.",
        name,
        f"install_{name}",
        "{{ function }}({{ app }})",
    )


def _wired(
    files: Mapping[str, str], *names: str, service_root: str | None = None
) -> tuple[Draft, Outcomes]:
    """Wire recipes into an app whose modules are there already; return the files and outcomes."""
    draft = Draft(Tree.of({path: dedent(text) for path, text in files.items()}))
    outcomes = Outcomes()
    for name in names or ("logs",):
        service = select_service(inspect_project(draft), service_root)
        folder = service.package_folder + "/" if service.package_folder else ""
        draft.write(f"{folder}{name}.py", f"def install_{name}(app):\n    pass\n")
        service = select_service(inspect_project(draft), service_root)
        found = [("wire", item) for item in wire(draft, service, _line(name), ORDERS)]
        settled = settle(found, draft)
        outcomes.changed += settled.changed
        outcomes.abstained += settled.abstained
        outcomes.good += settled.good
    return draft, outcomes


def check_wired(source: str, expected: str) -> None:
    """Check what becomes of a file, and that wiring it again changes nothing."""
    draft, outcomes = _wired({"main.py": source})
    text = draft.text("main.py")
    assert text is not None
    assert text.content == dedent(expected)
    assert len(outcomes.changed) == 1
    again, second = _wired({"main.py": text.content})
    assert again.read("main.py") == text.encode()
    assert (second.changed, second.good) == ([], 1)


def check_left_alone(source: str, code: str, others: Mapping[str, str] | None = None) -> None:
    """Check that ``main.py`` is not touched, and why."""
    draft, outcomes = _wired({**(others or {}), "main.py": source})
    text = draft.text("main.py")
    assert text is not None
    assert text.content == dedent(source)
    assert [item.code for item in outcomes.abstained] == [code]
    assert all(item.reason for item in outcomes.abstained)
    assert outcomes.abstained[0].unlock


def test_a_line_follows_the_app_object() -> None:
    check_wired(
        FASTAPI,
        """\
        from fastapi import FastAPI

        from logs import install_logs

        app = FastAPI()
        install_logs(app)
        """,
    )


def test_a_call_over_several_lines_and_a_comment_stay_together() -> None:
    check_wired(
        """\
        from fastapi import FastAPI
        from models import Item

        app = FastAPI(
            title="x",  # shown in the docs
        )  # the app

        # CORS
        app.add_middleware(Item)
        """,
        """\
        from fastapi import FastAPI
        from models import Item

        from logs import install_logs

        app = FastAPI(
            title="x",  # shown in the docs
        )  # the app
        install_logs(app)

        # CORS
        app.add_middleware(Item)
        """,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "app: FastAPI = FastAPI()",
        "app = application = FastAPI()",
        "app = FastAPI() if DEBUG else FastAPI(docs_url=None)",
        "app = FastAPI(title='x')",
    ],
)
def test_every_plain_form_of_assignment_is_wired(statement: str) -> None:
    source = f"from fastapi import FastAPI\n\nDEBUG = True\n{statement}\nx = 1\n"

    draft, _ = _wired({"main.py": source})

    text = draft.text("main.py")
    assert text is not None
    assert f"{statement}\ninstall_logs(app)\nx = 1\n" in text.content


def test_a_factory_is_wired_inside_with_its_indent() -> None:
    check_wired(
        """\
        from flask import Flask


        def create_app(config=None):
            application = Flask(__name__)
            application.config.from_object(config)
            return application
        """,
        """\
        from flask import Flask

        from logs import install_logs


        def create_app(config=None):
            application = Flask(__name__)
            install_logs(application)
            application.config.from_object(config)
            return application
        """,
    )


def test_tabs_and_windows_line_ends_are_kept() -> None:
    source = "from flask import Flask\r\n\r\ndef create_app():\r\n\tapp = Flask(__name__)\r\n\treturn app\r\n"

    draft, _ = _wired({"main.py": source})

    text = draft.text("main.py")
    assert text is not None
    assert "\tapp = Flask(__name__)\r\n\tinstall_logs(app)\r\n\treturn app\r\n" in text.content
    assert "\n" not in text.content.replace("\r\n", "")


def test_a_file_without_a_final_newline_keeps_it_so() -> None:
    check_wired(
        "from flask import Flask\n\napp = Flask(__name__)",
        "from flask import Flask\n\nfrom logs import install_logs\n\napp = Flask(__name__)\ninstall_logs(app)",
    )


def test_lines_stand_in_the_order_of_their_recipes_whatever_comes_first() -> None:
    expected = "app = FastAPI()\ninstall_logs(app)\ninstall_errors(app)\ninstall_limits(app)\n"
    for names in (
        ("logs", "errors", "limits"),
        ("limits", "errors", "logs"),
        ("errors", "limits", "logs"),
    ):
        draft, _ = _wired({"main.py": FASTAPI}, *names)

        text = draft.text("main.py")
        assert text is not None
        assert text.content.endswith(expected)


def test_a_line_joins_those_that_the_user_moved() -> None:
    draft, _ = _wired(
        {
            "main.py": """\
                from fastapi import FastAPI
                from errors import install_errors
                from logs import install_logs

                app = FastAPI()
                app.state.x = 1
                install_logs(app)
                """,
            "logs.py": "def install_logs(app): ...\n",
            "errors.py": "def install_errors(app): ...\n",
        },
        "errors",
    )

    text = draft.text("main.py")
    assert text is not None
    assert text.content.endswith("app.state.x = 1\ninstall_logs(app)\ninstall_errors(app)\n")


def test_a_package_with_absolute_imports_gets_an_absolute_one() -> None:
    files = {
        "app/__init__.py": "",
        "app/db.py": "engine = 1\n",
        "app/main.py": "from fastapi import FastAPI\n\nfrom app.db import engine\n\napp = FastAPI()\n",
    }

    draft, _ = _wired(files)

    assert b"from app.db import engine\nfrom app.logs import install_logs\n" in draft.read(
        "app/main.py"
    )


def test_a_package_with_relative_imports_gets_a_relative_one() -> None:
    files = {
        "app/__init__.py": "",
        "app/db.py": "engine = 1\n",
        "app/main.py": "from fastapi import FastAPI\n\nfrom .db import engine\n\napp = FastAPI()\n",
    }

    draft, _ = _wired(files)

    assert b"from .db import engine\nfrom .logs import install_logs\n" in draft.read("app/main.py")


def test_the_init_file_of_a_package_imports_from_itself() -> None:
    files = {
        "shop/__init__.py": "from flask import Flask\n\nfrom .db import db\n\n\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
        "shop/db.py": "db = 1\n",
        "wsgi.py": "from shop import create_app\n\napp = create_app()\n",
    }

    draft, _ = _wired(files)

    text = draft.text("shop/__init__.py")
    assert text is not None
    assert "from .db import db\nfrom .logs import install_logs\n" in text.content
    assert "    app = Flask(__name__)\n    install_logs(app)\n    return app\n" in text.content
    assert draft.read("wsgi.py") == files["wsgi.py"].encode()


def test_a_star_import_of_own_modules_that_do_not_know_the_name_is_no_obstacle() -> None:
    files = {
        "main.py": "from flask import Flask\nfrom models import *\n\napp = Flask(__name__)\n",
        "models.py": "class User:\n    pass\n",
    }

    _, outcomes = _wired(files)

    assert len(outcomes.changed) == 1


def test_the_object_inside_of_another_one_is_wired() -> None:
    draft, _ = _wired(
        {"main.py": "import connexion\n\nouter = connexion.App(__name__)\napp = outer.app\n"}
    )

    assert b"outer = connexion.App(__name__)\ninstall_logs(outer.app)\n" in draft.read("main.py")


# -- must not change -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "install_logs(app)",
        "logs.install_logs(app, level='debug')",
        "if True:\n    setup(app)",
    ],
)
def test_what_is_wired_stays_as_it_is_wherever_it_stands(call: str) -> None:
    source = (
        "import logs\nfrom fastapi import FastAPI\nfrom logs import install_logs\n"
        f"from logs import install_logs as setup\n\napp = FastAPI()\nx = 1\n{call}\n"
    )

    draft, outcomes = _wired({"main.py": source})

    assert draft.read("main.py") == source.encode()
    assert (outcomes.good, outcomes.abstained) == (1, [])


def test_what_is_wired_in_another_module_stays_there() -> None:
    files = {
        "main.py": "from fastapi import FastAPI\nfrom wires import install\n\napp = FastAPI()\ninstall(app)\n",
        "wires.py": "from logs import install_logs\n\n\ndef install(app):\n    install_logs(app)\n",
    }

    draft, outcomes = _wired(files)

    assert draft.read("main.py") == files["main.py"].encode()
    assert outcomes.good == 1


@pytest.mark.parametrize(
    "head", ["if DEBUG:", "try:", "with context():", "for _ in range(1):", "while True:"]
)
def test_an_app_that_is_made_under_a_condition_is_left_to_the_user(head: str) -> None:
    tail = "except ValueError:\n    app = None\n" if head == "try:" else ""
    source = f"from fastapi import FastAPI\n\nDEBUG = True\n{head}\n    app = FastAPI()\n{tail}"

    check_left_alone(source, "conditional-app")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("from fastapi import FastAPI\n\napp = wrap(FastAPI())\n", "unnamed-app"),
        ("from fastapi import FastAPI\n\napp = FastAPI() if X else make()\n", "conditional-app"),
        ("from fastapi import FastAPI\n\napp = FastAPI(); x = 1\n", "shared-line"),
        (
            "from flask import Flask\n\ndef create_app(): app = Flask(__name__); return app\n",
            "shared-line",
        ),
        (
            "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n",
            "unnamed-app",
        ),
        ("from flask import Flask\n\n(app := Flask(__name__)).debug = True\n", "unnamed-app"),
        ("from flask import Flask\n\napp, x = Flask(__name__), 1\n", "unnamed-app"),
        (
            "from flask import Flask\n\napp = Flask(__name__)\n\n\ndef install_logs(x):\n    pass\n",
            "name-taken",
        ),
        (
            "from flask import Flask\nfrom helpers_of_others import *\n\napp = Flask(__name__)\n",
            "name-taken",
        ),
    ],
)
def test_what_cannot_be_wired_surely_is_left_with_a_reason(source: str, code: str) -> None:
    check_left_alone(source, code)


def test_a_star_import_of_a_module_that_knows_the_name_is_left() -> None:
    check_left_alone(
        "from flask import Flask\nfrom helpers import *\n\napp = Flask(__name__)\n",
        "name-taken",
        {"helpers.py": "install_logs = print\n"},
    )


def test_another_app_of_the_service_is_pointed_out() -> None:
    source = (
        "from fastapi import FastAPI\n\napp = FastAPI()\napi = FastAPI()\napp.mount('/api', api)\n"
    )

    draft, outcomes = _wired({"main.py": source})

    assert b"app = FastAPI()\ninstall_logs(app)\napi = FastAPI()\n" in draft.read("main.py")
    assert [(item.code, item.line) for item in outcomes.abstained] == [("other-app", 4)]

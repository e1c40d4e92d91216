"""Streamlit has scripts instead of app objects."""

from buttress.project.model import Framework
from tests.project.trees import FASTAPI, project, service

PAGE = "import streamlit as st\nst.title('x')\n"


def test_a_script_that_draws() -> None:
    found = service({"ui.py": "import llm\n" + PAGE, "llm.py": "", "pages/1_More.py": PAGE})
    assert (found.framework, found.app.target) == (Framework.STREAMLIT, "ui")
    assert found.reachable == {"ui.py", "llm.py", "pages/1_More.py"}


def test_a_module_that_others_draw_with_is_no_script() -> None:
    files = {
        "ui.py": "import parts\n" + PAGE,
        "parts.py": "import streamlit as st\ndef head():\n    st.title('x')\n",
    }
    assert service(files).app.place.path == "ui.py"


def test_beside_a_service_it_is_set_aside() -> None:
    requirements = "fastapi\nstreamlit\n"
    result = project({"main.py": FASTAPI, "ui.py": PAGE, "requirements.txt": requirements})
    assert [found.framework for found in result.services] == [Framework.FASTAPI]
    assert result.set_aside[0].place.path == "ui.py"

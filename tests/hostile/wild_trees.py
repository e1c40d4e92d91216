"""Projects that nobody would write: an app, and beside it files of every kind with anything in them."""

from __future__ import annotations

from hypothesis import strategies as st

APPS = (
    "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "from flask import Flask, request\n\napp = Flask(__name__)\n",
    "import streamlit as st\n\nst.title('a')\n",
    "from starlette.applications import Starlette\n\napp = Starlette()\n",
)
NAMES = (
    "main.py", "app/__init__.py", "app/models.py", "app/a.py", "settings.py", "manage.py", "tests/test_a.py", "conftest.py",
    "migrations/env.py", "migrations/versions/a.py", "requirements.txt", "requirements-dev.txt", "pyproject.toml", "Pipfile", "setup.cfg",
    "Dockerfile", ".dockerignore", "compose.yaml", ".github/workflows/ci.yml", ".gitlab-ci.yml", ".github/dependabot.yml",
    ".pre-commit-config.yaml", "main.tf", "k8s/app.yaml", "Procfile", "fly.toml", "package.json", "frontend/src/a.tsx", ".env",
    ".env.example", ".gitignore", "README.md", "LICENSE", "SECURITY.md", "CODEOWNERS", "alembic.ini", "nginx.conf", "run.sh", "Makefile",
    "uv.lock", "poetry.lock", "prompts/a.txt", "templates/a.html", "buttress-baseline.json",
)  # fmt: skip
STATEMENTS = (
    "@app.get('/x')\ndef f(a, *b, c=1, **d): return a\n", "@app.post('/x/{id}')\nasync def g(id: int, data: dict): print(data)\n",
    "x = request.args['a']\n", "cursor.execute('select ' + x)\n", "cursor.execute(f'select {x!r:>{y}}')\n",
    "subprocess.run(x, shell=True)\n", "eval(*x, **y)\n", "open(x)\n", "requests.get()\n", "requests.get(*a, timeout=None)\n",
    "try:\n    f()\nexcept:\n    pass\n", "try:\n    f()\nexcept* A as e:\n    raise\n", "class A(A, B[A]): x: A = field()\n",
    "class M(BaseModel):\n    a: 'M | None' = None\n    b: list[\n        'M'] = []\n", "print(f'{a}', *b, sep=c)\n",
    "logging.info('%s' % (a, b), c)\n", "log = logging.getLogger()\nlog.error(e)\n", "import a.b as c, d\n", "from . import *\n",
    "from .. import x as app\n", "match x:\n    case {'a': [*b], **c}: pass\n    case A(b=1) | None: pass\n", "lambda *a, b=1: (yield)\n",
    "[x async for x in y if (z := x)]\n", "def f(a=f(), /, b: f() = 1, *, c): global d; d = a; del d\n", "with open(a) as (b, c): pass\n",
    "API_KEY = 'sk-" + "a1B2" * 12 + "'\n", "os.environ['A'] = os.getenv()\n", "app.add_middleware()\n", "app.add_middleware(*a)\n",
    "app = app\n", "if __name__ == '__main__':\n    app.run(debug=True)\n", "uvicorn.run()\n", "client = OpenAI()\n",
    "r = client.chat.completions.create(model=m, messages=[{'role': 'user', 'content': r}])\neval(r.choices[0].message.content)\n",
    "jwt.decode(a, options={**b})\n", "hashlib.md5()\n", "random.choice(a)\n", "response.set_cookie()\n", "redirect(request.args.get('n'))\n",
    "Column(String, **a)\n", "db.query(A).filter(B).all()\n", "Depends()\n", "Depends(f)\n", "raise HTTPException(*a)\n",
    "return 1\n", "await a\n", "yield\n", "x: int\n", "'''doc'''\n", "# noqa\n", "# buttress: ignore[", "# nosec B\n", "\x0c\n",
)  # fmt: skip
WORDS = (
    "FROM python:3.12 AS a\n", "FROM a\n", "RUN pip install -r requirements.txt\n", "CMD [\"uvicorn\", \"main:app\"]\n", "USER root\n",
    "on: push\n", "jobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4\n      - run: pytest ${{ github.event.a }}\n",
    "jobs: [1, {a: }]\n", "permissions: write-all\n", "services:\n  db: {image: postgres, ports: ['5432:5432']}\n", "services: [a]\n",
    "a: &a [*a]\n", "? [a]\n: b\n", "!!python/object a\n", "2001-99-99: 1\n", "<<: *b\n", "%YAML 9.9\n---\n...\n",
    "[project]\ndependencies = ['fastapi', 1]\n", "[tool.buttress]\nselect = ['SEC', 1]\n", "[tool.poetry.dependencies]\na = [1]\n",
    "fastapi==1\n", "-e git+https://a/b#egg=c\n", "-r x\n", "A=b\n", "export A='b\n", "apiVersion: apps/v1\nkind: Deployment\nspec: 1\n",
    "resource \"aws_instance\" \"a\" {\n", "terraform { backend \"s3\" {} }\n", "{\"dependencies\": {\"a\": []}, \"workspaces\": [1]}",
    "{\"scripts\": []}", "web: uvicorn main:app\n", "\t", "\r", "\x00", "\ufeff", "\u2028", "\ud7ff", "é", "{{", "%}", "${", "$(", "`", "\\\n",
)  # fmt: skip

_TEXT = st.lists(st.sampled_from((*STATEMENTS, *WORDS)), max_size=8).map("".join)
_CODE = st.lists(st.sampled_from(STATEMENTS), max_size=12).map("".join)
_ANY = st.one_of(_TEXT, _CODE, st.text(max_size=80), st.binary(max_size=80))
TREES: st.SearchStrategy[dict[str, str | bytes]] = st.builds(
    lambda app, code, others: {**others, "main.py": app + code},
    st.sampled_from(APPS),
    _CODE,
    st.dictionaries(st.sampled_from(NAMES), _ANY, max_size=10),
)

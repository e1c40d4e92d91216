"""A control counts where it is made and attached, in code that the entry point imports."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, FLASK, places, status

WRITES = '\n\n@app.post("/items")\ndef create():\n    return 1\n'
API = FASTAPI + WRITES
SITE = FLASK + WRITES


@pytest.mark.parametrize(
    "text",
    [
        FLASK + "app.run(debug=True)\n",
        FLASK + "app.debug = True\n",
        FLASK + "app.config['DEBUG'] = True\n",
        FLASK + "import os\napp.run(debug=os.getenv('DEBUG', 'True') == 'True')\n",
        "from fastapi import FastAPI\napp = FastAPI(debug=True)\n",
    ],
)
def test_debugging_is_on(text: str) -> None:
    assert len(places("SEC-DEBUG-ENABLED", {"app.py": text})) == 1


@pytest.mark.parametrize(
    "text",
    [
        FLASK + "app.run(debug=False)\n",
        FLASK + "app.run(debug=settings.debug)\n",
        FLASK + "import os\napp.run(debug=os.getenv('DEBUG', '0') == '1')\n",
        FLASK + "import logging\nlogging.getLogger().debug('debug=True')\n",
        FLASK + "asyncio.run(main(), debug=False)\n",
    ],
)
def test_debugging_is_off_or_unknown(text: str) -> None:
    assert places("SEC-DEBUG-ENABLED", {"app.py": text}) == []


@pytest.mark.parametrize(
    "text",
    [
        FASTAPI
        + "from fastapi.middleware.cors import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=['*'])\n",
        FASTAPI
        + "from fastapi.middleware.cors import CORSMiddleware\nORIGINS = ['*']\napp.add_middleware(CORSMiddleware, allow_origins=ORIGINS)\n",
        FASTAPI + "import os\nfrom fastapi.middleware.cors import CORSMiddleware\n"
        "app.add_middleware(CORSMiddleware, allow_origins=os.getenv('ORIGINS', '*').split(','))\n",
        FLASK + "from flask_cors import CORS\nCORS(app)\n",
        FLASK + "from flask_cors import CORS\nCORS(app, resources={r'/api/*': {'origins': '*'}})\n",
        FLASK + "from flask_socketio import SocketIO\nSocketIO(app, cors_allowed_origins='*')\n",
    ],
    ids=["literal", "constant", "default", "flask", "flask resources", "sockets"],
)
def test_every_origin(text: str) -> None:
    assert len(places("SEC-CORS-WILDCARD", {"app.py": text})) == 1


@pytest.mark.parametrize(
    "text",
    [
        FASTAPI
        + "from fastapi.middleware.cors import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=settings.origins)\n",
        FASTAPI + "import os\nfrom fastapi.middleware.cors import CORSMiddleware\n"
        "app.add_middleware(CORSMiddleware, allow_origins=os.getenv('ORIGINS', 'http://localhost:3000').split(','))\n",
        FASTAPI
        + "from fastapi.middleware.cors import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=['https://a.example'], allow_methods=['*'])\n",
        FLASK + "from flask_cors import CORS\nCORS(app, origins=['https://a.example'])\n",
        FLASK + "from flask_cors import CORS\ncors = CORS()\n",
    ],
    ids=["settings", "default of one", "all methods", "flask", "not attached here"],
)
def test_known_origins(text: str) -> None:
    assert places("SEC-CORS-WILDCARD", {"app.py": text}) == []


class TestIdentity:
    def test_one_finding_for_all_routes(self) -> None:
        files = {"main.py": API + WRITES.replace("items", "orders").replace("create", "order")}
        assert places("SEC-NO-AUTH", files) == ["main.py:3"]

    def test_a_module_that_nothing_imports_does_not_count(self) -> None:
        auth = "import jwt\n\n\ndef current_user(token):\n    return jwt.decode(token, KEY, algorithms=['HS256'])\n"
        assert places("SEC-NO-AUTH", {"main.py": API, "auth.py": auth}) == ["main.py:3"]

    @pytest.mark.parametrize(
        "text",
        [
            SITE.replace("return 1", "user = session['user_id']"),
            "from flask_login import login_required\n"
            + SITE.replace("def create", "@login_required\ndef create"),
            API.replace("create()", "create(user=Depends(get_current_user))"),
            API.replace("create()", "create(authorization: str = Header())"),
            SITE.replace("return 1", "key = request.headers.get('X-API-Key')"),
        ],
        ids=["session", "decorator", "dependency", "header parameter", "header"],
    )
    def test_somebody_asks(self, text: str) -> None:
        assert places("SEC-NO-AUTH", {"main.py": text}) == []

    def test_questions_alone_need_nobody(self) -> None:
        text = API.replace("app.post", "app.get")
        assert status("SEC-NO-AUTH", {"main.py": text}) == "not-applicable"


class TestLimits:
    @pytest.mark.parametrize(
        "files",
        [
            {"main.py": API},
            {"main.py": "from slowapi import Limiter\nlimiter = Limiter(key_func=key)\n" + API},
            {"main.py": API, "requirements.txt": "slowapi\n"},
            {
                "main.py": API,
                "rate_limit.py": "class RateLimitMiddleware:\n    def call(self):\n        return 1\n",
            },
        ],
        ids=["none", "made, not attached", "declared", "not imported"],
    )
    def test_nothing_limits(self, files: dict[str, str]) -> None:
        assert len(places("SEC-RATE-LIMIT", files)) == 1

    @pytest.mark.parametrize(
        "files",
        [
            {
                "main.py": "from slowapi import Limiter\nlimiter = Limiter(key_func=key)\n"
                + API.replace("def create", "@limiter.limit('5/minute')\ndef create")
            },
            {
                "main.py": "from flask_limiter import Limiter\n"
                + SITE
                + "Limiter(key, app=app, default_limits=['9/hour'])\n"
            },
            {
                "main.py": API,
                "deploy/nginx.conf": "location / {\n    limit_req zone=one burst=5;\n}\n",
            },
        ],
        ids=["decorator", "defaults", "proxy"],
    )
    def test_something_limits(self, files: dict[str, str]) -> None:
        assert places("SEC-RATE-LIMIT", files) == []


class TestHeaders:
    @pytest.mark.parametrize(
        "text",
        [
            API,
            API + "\n\ndef headers(response):\n    response.headers['X-Frame-Options'] = 'DENY'\n"
            "    response.headers['Referrer-Policy'] = 'no-referrer'\n",
            API + "# X-Frame-Options, Content-Security-Policy\n",
        ],
        ids=["none", "in a function that nobody calls", "in a comment"],
    )
    def test_no_headers(self, text: str) -> None:
        assert len(places("SEC-SECURITY-HEADERS", {"main.py": text})) == 1

    @pytest.mark.parametrize(
        "files",
        [
            {
                "main.py": SITE + "\n\n@app.after_request\ndef headers(response):\n"
                "    response.headers['X-Frame-Options'] = 'DENY'\n"
                "    response.headers.setdefault('Content-Security-Policy', \"default-src 'self'\")\n    return response\n"
            },
            {"main.py": "from flask_talisman import Talisman\n" + SITE + "Talisman(app)\n"},
            {"main.py": API, "nginx/default.conf": 'add_header X-Frame-Options "DENY" always;\n'},
        ],
        ids=["hook", "library", "proxy"],
    )
    def test_headers(self, files: dict[str, str]) -> None:
        assert places("SEC-SECURITY-HEADERS", files) == []

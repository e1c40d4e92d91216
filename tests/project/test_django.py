"""Django is found by its settings, and hangs together by the names in them."""

from buttress.project.model import Framework, Role
from tests.project.trees import project, service

SETTINGS = """\
INSTALLED_APPS = ["django.contrib.admin", "blog.apps.BlogConfig", "shop"]
MIDDLEWARE = ["site1.middleware.Timer"]
ROOT_URLCONF = "site1.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
"""
URLS = """\
from django.urls import include, path
from blog import views

urlpatterns = [path("posts/<int:id>/", views.post), path("shop/", include("shop.urls"))]
"""
SHOP_URLS = """\
from django.contrib.auth.decorators import login_required
from django.urls import re_path
from shop.views import Cart

urlpatterns = [re_path(r"^cart/$", Cart.as_view()), re_path(r"^x$", login_required(Cart))]
"""
WSGI = """\
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
"""
MIGRATION = "from django.db import migrations\nclass Migration(migrations.Migration): ...\n"
SITE = {
    "requirements.txt": "django\n",
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
    "site1/__init__.py": "",
    "site1/settings.py": SETTINGS,
    "site1/urls.py": URLS,
    "site1/wsgi.py": WSGI,
    "site1/middleware.py": "class Timer: ...\n",
    "blog/__init__.py": "",
    "blog/apps.py": "",
    "blog/models.py": "from django.db import models\n",
    "blog/views.py": "def post(request, id): ...\n",
    "blog/management/commands/import_posts.py": "",
    "blog/migrations/__init__.py": "",
    "blog/migrations/0001_initial.py": MIGRATION,
    "shop/__init__.py": "",
    "shop/urls.py": SHOP_URLS,
    "shop/views.py": "class Cart: ...\n",
    "fill.py": "",
}


def test_the_service() -> None:
    found = service(SITE)
    assert (found.framework, found.root, found.import_root) == (Framework.DJANGO, "", "")
    assert (found.app.target, found.package) == ("site1.wsgi:application", "site1")
    assert [fact.value for fact in found.databases] == ["postgresql"]


def test_routes_with_their_handlers() -> None:
    assert [(r.path, r.handler, r.place.path) for r in service(SITE).routes] == [
        ("/posts/<int:id>/", "post", "blog/views.py"),
        ("/shop/cart/", "Cart", "shop/views.py"),
        ("/shop/x", "Cart", "shop/views.py"),
    ]


def test_roles() -> None:
    result = project(SITE)
    others = {path: role for path, role in result.roles.items() if role is not Role.APP}
    assert others == {
        "blog/management/commands/import_posts.py": Role.SCRIPT,
        "blog/migrations/__init__.py": Role.MIGRATION,
        "blog/migrations/0001_initial.py": Role.MIGRATION,
        "fill.py": Role.SCRIPT,
    }


def test_a_site_in_a_sub_folder() -> None:
    files = {f"backend/{path}": text for path, text in SITE.items()}
    found = service(files)
    assert (found.root, found.import_root) == ("backend", "backend")
    assert found.app.target == "site1.wsgi:application"


def test_settings_alone_name_the_module() -> None:
    files = {path: SITE[path] for path in ("site1/settings.py", "site1/urls.py", "manage.py")}
    assert service(files).app.target == "site1.settings"


def test_only_what_serves_is_an_entry_command() -> None:
    readme = "python manage.py migrate\npython manage.py runserver 8000\n"
    found = service({**SITE, "README.md": readme}).entry_command
    assert found is not None
    assert (found.value, found.place.line) == ("python manage.py runserver 8000", 2)


def test_a_folder_of_apps_is_not_loaded_as_a_whole() -> None:
    files = {
        **SITE,
        "site1/settings.py": SETTINGS + 'SERVICE = "site1"\n',
        "site1/apps/__init__.py": "",
        "site1/apps/core/__init__.py": "",
        "site1/apps/core/tests/test_core.py": "import pytest\n",
    }
    assert project(files).roles["site1/apps/core/tests/test_core.py"] is Role.TEST

"""Which functions run while a request is answered, beside those that routes name."""

from __future__ import annotations

from tests.analysis.access.django_sites import django_site

from buttress.analysis.access.handlers import handlers
from buttress.project import inspect_project
from buttress.source import Tree


def found(files: dict[str, str], path: str) -> dict[str, tuple[bool, tuple[str, ...]]]:
    """Return whether each handler of a file answers a GET, and its paths, by its name."""
    project = inspect_project(Tree.of(files))
    answering = handlers(project, project.services[0], project.tree.module(path))
    return {handler.node.name: (handler.reads, handler.paths) for handler in answering}


def django(urls: str, views: str) -> dict[str, tuple[bool, tuple[str, ...]]]:
    return found(django_site(urls, views), "orders/views.py")


def test_the_function_of_a_route_answers_under_all_its_paths() -> None:
    text = (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        '@app.get("/")\n@app.get("/home")\ndef home(): ...\n\n\n'
        '@app.post("/orders")\ndef add(): ...\n\n\ndef price(): ...\n'
    )

    assert found({"main.py": text}, "main.py") == {
        "home": (True, ("/", "/home")),
        "add": (False, ("/orders",)),
    }


def test_of_two_functions_with_one_name_only_the_routed_one_answers() -> None:
    text = (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        "def home(): ...\n\n\n"
        '@app.get("/")\ndef home(): ...\n'
    )
    project = inspect_project(Tree.of({"main.py": text}))
    module = project.tree.module("main.py")

    assert [h.node.lineno for h in handlers(project, project.services[0], module)] == [10]


def test_a_view_set_answers_with_what_the_framework_calls_beside() -> None:
    urls = (
        "from rest_framework.routers import DefaultRouter\nfrom orders.views import OrderViewSet\n\n"
        'router = DefaultRouter()\nrouter.register("orders", OrderViewSet)\nurlpatterns = router.urls\n'
    )
    views = (
        "from rest_framework import viewsets\nfrom rest_framework.decorators import action\n\n\n"
        "class OrderViewSet(viewsets.ReadOnlyModelViewSet):\n"
        "    def get_queryset(self): ...\n\n"
        "    def perform_create(self, serializer): ...\n\n"
        "    @action(detail=False)\n    def mine(self, request): ...\n\n"
        "    def price(self): ...\n"
    )

    answering = django(urls, views)

    assert {name: reads for name, (reads, _) in answering.items()} == {
        "get_queryset": True,
        "perform_create": False,
        "mine": True,
    }
    assert answering["mine"] == (True, ("/orders/mine/",))


def test_a_view_class_answers_though_no_route_is_seen() -> None:
    views = (
        "from django.views import View\n\n\n"
        "class Orders(View):\n"
        "    def get(self, request): ...\n\n"
        "    def post(self, request): ...\n\n"
        "    def price(self): ...\n"
    )

    assert django("urlpatterns = []\n", views) == {"get": (True, ()), "post": (False, ())}


def test_a_class_that_is_no_view_answers_nothing() -> None:
    views = "class Orders:\n    def get(self, key): ...\n"

    assert django("urlpatterns = []\n", views) == {}

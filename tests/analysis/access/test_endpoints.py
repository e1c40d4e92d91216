"""What answers requests, with the methods that only the view knows."""

from __future__ import annotations

from tests.analysis.access.django_sites import django_site

from buttress.analysis.access.endpoints import endpoints
from buttress.project import inspect_project
from buttress.source import Tree


def found(files: dict[str, str]) -> dict[str, tuple[str, list[str]]]:
    """Return path and methods of each endpoint by its name."""
    project = inspect_project(Tree.of(files))
    service = project.services[0]
    return {e.name: (e.path, sorted(e.methods)) for e in endpoints(project, service)}


def django(urls: str, views: str) -> dict[str, tuple[str, list[str]]]:
    return found(django_site(urls, views))


def test_routes_meet_their_functions() -> None:
    text = (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        '@app.delete("/orders/{id}")\ndef drop(id: int): ...\n\n\n@app.get("/")\ndef home(): ...\n'
    )

    assert found({"main.py": text}) == {
        "drop": ("/orders/{id}", ["DELETE"]),
        "home": ("/", ["GET"]),
    }


def test_django_says_the_methods_in_the_view() -> None:
    urls = (
        "from django.urls import path\nfrom orders import views\n\n"
        'urlpatterns = [path("a/", views.add), path("b/", views.show), path("c/", views.drop)]\n'
    )
    views = (
        "from django.views.decorators.http import require_POST\n\n\n"
        'def add(request):\n    if request.method == "POST":\n        pass\n\n\n'
        "def show(request):\n    return None\n\n\n@require_POST\ndef drop(request):\n    return None\n"
    )

    assert django(urls, views) == {
        "add": ("/a/", ["GET", "POST"]),
        "show": ("/b/", ["GET"]),
        "drop": ("/c/", ["POST"]),
    }


def test_a_rest_router_registers_view_sets() -> None:
    urls = (
        "from rest_framework.routers import DefaultRouter\nfrom orders.views import OrderViewSet\n\n"
        'router = DefaultRouter()\nrouter.register("orders", OrderViewSet)\nurlpatterns = router.urls\n'
    )
    views = (
        "from rest_framework import mixins, viewsets\nfrom rest_framework.decorators import action\n\n\n"
        "class OrderViewSet(mixins.DestroyModelMixin, viewsets.GenericViewSet):\n"
        "    def list(self, request): ...\n\n"
        '    @action(detail=True, methods=["post"])\n    def pay(self, request, pk): ...\n'
    )

    assert django(urls, views) == {
        "OrderViewSet": ("/orders/<pk>/", ["DELETE"]),
        "OrderViewSet.list": ("/orders/", ["GET"]),
        "OrderViewSet.pay": ("/orders/<pk>/pay/", ["POST"]),
    }


def test_a_router_that_nothing_is_seen_to_include_still_registers_view_sets() -> None:
    urls = (
        "from orders.views import OrderViewSet\nfrom elsewhere import make_router\n\n"
        'router = make_router()\nrouter.register("orders", OrderViewSet)\nurlpatterns = []\n'
    )
    views = (
        "from rest_framework import viewsets\n\n\nclass OrderViewSet(viewsets.ModelViewSet): ...\n"
    )

    assert django(urls, views) == {
        "OrderViewSet": ("/orders", ["DELETE", "GET", "PATCH", "POST", "PUT"]),
    }

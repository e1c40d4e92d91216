"""Routes of Django: lists of paths, and what routers of Django REST framework make of view sets."""

from __future__ import annotations

import textwrap

import pytest

from tests.project.trees import service

SITE = {
    "manage.py": "",
    "site1/__init__.py": "",
    "site1/settings.py": 'INSTALLED_APPS = ["shop"]\nROOT_URLCONF = "site1.urls"\n',
    "shop/__init__.py": "",
}
VIEWS = """\
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from shop.models import Order


class OrderViewSet(viewsets.ModelViewSet):
    queryset = Order.objects.all()

    def create(self, request): ...

    @action(detail=True, methods=["post"])
    def mark_paid(self, request, pk=None): ...

    @mark_paid.mapping.delete
    def mark_unpaid(self, request, pk=None): ...

    @action(detail=False, url_path="mine/(?P<year>[0-9]{4})")
    def mine(self, request, year): ...
"""
ROUTED = """\
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from shop.views import OrderViewSet

router = DefaultRouter()
router.register("orders", OrderViewSet)
urlpatterns = [path("api/", include(router.urls))]
"""


def answered(urls: str, views: str = VIEWS, **more: str) -> list[str]:
    """Return the routes of a site as ``GET /orders/ -> OrderViewSet``."""
    files = {**SITE, "site1/urls.py": urls, "shop/views.py": textwrap.dedent(views)}
    files |= {name.replace("__", "/") + ".py": text for name, text in more.items()}
    return [
        f"{','.join(r.methods) or '?'} {r.path}{'' if r.is_complete else ' ?'} -> {r.handler}"
        for r in service(files).routes
    ]


def test_a_view_set_answers_where_its_router_is_included() -> None:
    assert answered(ROUTED) == [
        "POST /api/orders/ -> OrderViewSet.create",
        "POST /api/orders/<pk>/mark_paid/ -> OrderViewSet.mark_paid",
        "DELETE /api/orders/<pk>/mark_paid/ -> OrderViewSet.mark_unpaid",
        "GET /api/orders/mine/<year>/ -> OrderViewSet.mine",
        "GET /api/orders/ -> OrderViewSet",
        "DELETE,GET,PATCH,PUT /api/orders/<pk>/ -> OrderViewSet",
    ]


def test_a_method_is_its_own_place_and_what_is_inherited_the_class() -> None:
    files = {**SITE, "site1/urls.py": ROUTED, "shop/views.py": VIEWS}
    found = {route.handler: route for route in service(files).routes}

    assert str(found["OrderViewSet"].place) == "shop/views.py:6"
    assert str(found["OrderViewSet.create"].place) == "shop/views.py:9"
    assert [p.name for p in found["OrderViewSet.mark_paid"].parameters] == ["request", "pk"]


def test_routes_have_the_names_that_tests_reverse() -> None:
    files = {**SITE, "site1/urls.py": ROUTED, "shop/views.py": VIEWS}
    named = ROUTED.replace("OrderViewSet)", 'OrderViewSet, basename="sale")')

    assert {route.name for route in service(files).routes} == {
        "order-list",
        "order-detail",
        "order-mark-paid",
        "order-mine",
    }
    renamed = service({**files, "site1/urls.py": named}).routes
    assert {route.name.partition("-")[0] for route in renamed} == {"sale"}


@pytest.mark.parametrize(
    ("body", "routes"),
    [
        ("(viewsets.ReadOnlyModelViewSet): ...", ["GET /x/", "GET /x/<pk>/"]),
        ("(mixins.CreateModelMixin, viewsets.GenericViewSet): ...", ["POST /x/"]),
        (
            '(viewsets.ModelViewSet):\n    http_method_names = ["get", "delete"]',
            ["GET /x/", "DELETE,GET /x/<pk>/"],
        ),
        ("(viewsets.ViewSet):\n    def list(self, request): ...", ["GET /x/"]),
        (
            '(viewsets.ReadOnlyModelViewSet):\n    lookup_field = "slug"',
            ["GET /x/", "GET /x/<slug>/"],
        ),
        ("(viewsets.GenericViewSet):\n    def helper(self): ...", []),
    ],
    ids=["read-only", "mixin", "allowed", "plain", "lookup", "none"],
)
def test_a_view_set_answers_what_its_classes_bring(body: str, routes: list[str]) -> None:
    views = f"from rest_framework import mixins, viewsets\n\n\nclass OrderViewSet{body}\n"
    urls = ROUTED.replace('"orders"', '"x"').replace('"api/"', '""')

    assert [text.partition(" -> ")[0] for text in answered(urls, views)] == routes


def test_what_a_base_class_of_the_project_brings_is_inherited_too() -> None:
    base = """\
    from rest_framework import viewsets

    class Base(viewsets.ReadOnlyModelViewSet):
        def list(self, request): ...

        @action(detail=True, methods=["put"])
        def close(self, request, pk): ...

    class OrderViewSet(Base): ...
    """

    assert answered(ROUTED, base) == [
        "GET /api/orders/ -> OrderViewSet",
        "GET /api/orders/<pk>/ -> OrderViewSet",
        "PUT /api/orders/<pk>/close/ -> OrderViewSet",
    ]


READ_ONLY = """\
from rest_framework import viewsets


class OrderViewSet(viewsets.ReadOnlyModelViewSet): ...
"""
ROUTER = """\
from rest_framework.routers import DefaultRouter, SimpleRouter
from shop.views import OrderViewSet

router = SimpleRouter()
router.register(r"orders", OrderViewSet)
"""


@pytest.mark.parametrize(
    ("urls", "start"),
    [
        ("from shop.api import router\nurlpatterns = router.urls\n", "/orders/"),
        ("from shop.api import router\nurlpatterns = []\nurlpatterns += router.urls\n", "/orders/"),
        ("from shop.api import router\nurlpatterns = [*router.urls]\n", "/orders/"),
        ('urlpatterns = [path("v1/", include("shop.urls"))]\n', "/v1/orders/"),
        (
            """from shop import api
urlpatterns = [path("v1/", include((api.router.urls, "shop"), namespace="v1"))]
""",
            "/v1/orders/",
        ),
        (
            """from rest_framework.routers import DefaultRouter
from shop.api import router
main = DefaultRouter()
main.registry.extend(router.registry)
urlpatterns = [path("v2/", include(main.urls))]
""",
            "/v2/orders/",
        ),
    ],
    ids=["list", "added", "starred", "included", "named", "extended"],
)
def test_routers_are_found_where_they_are_included(urls: str, start: str) -> None:
    shop_urls = "from shop.api import router\nurlpatterns = router.urls\n"

    found = answered(urls, READ_ONLY, shop__api=ROUTER, shop__urls=shop_urls)

    assert found == [f"GET {start} -> OrderViewSet", f"GET {start}<pk>/ -> OrderViewSet"]


@pytest.mark.parametrize(
    ("old", "new", "routes"),
    [
        (
            "SimpleRouter()",
            "SimpleRouter(trailing_slash=False)",
            ["GET /orders", "GET /orders/<pk>"],
        ),
        ('r"orders"', '""', ["GET /", "GET /<pk>/"]),
        ('r"orders"', 'r"u/(?P<user>[^/.]+)/x"', ["GET /u/<user>/x/", "GET /u/<user>/x/<pk>/"]),
        ('r"orders"', "PREFIX", ["GET / ?", "GET /<pk>/ ?"]),
        (
            "SimpleRouter()",
            'NestedSimpleRouter(shops, "shops", lookup="shop")',
            ["GET /shops/<shop_pk>/orders/", "GET /shops/<shop_pk>/orders/<pk>/"],
        ),
    ],
    ids=["no-slash", "empty", "pattern", "unknown", "nested"],
)
def test_the_path_is_what_the_router_makes_of_the_prefix(
    old: str, new: str, routes: list[str]
) -> None:
    urls = "from shop.api import router\nurlpatterns = router.urls\n"

    found = answered(urls, READ_ONLY, shop__api=ROUTER.replace(old, new))

    assert [text.partition(" -> ")[0] for text in found] == routes


@pytest.mark.parametrize(
    "urls",
    [
        ROUTED.replace("path(", "print(").replace("include(router.urls)", "router"),
        ROUTED.replace("DefaultRouter()", "Registry()").replace("rest_framework.routers", "other"),
        ROUTED.replace("from shop.views", "from elsewhere.views"),
        """from django.contrib import admin
from shop.views import OrderViewSet
admin.site.register(OrderViewSet, "x")
urlpatterns = []
""",
    ],
    ids=["not-included", "no-router", "foreign", "admin"],
)
def test_what_no_router_of_the_site_serves_is_no_route(urls: str) -> None:
    assert answered(urls) == []


@pytest.mark.parametrize(
    "given",
    ['"shop.urls"', '("shop.urls", "shop")', "shop_urls", '(shop_urls, "shop")'],
)
def test_what_is_included_is_named_by_text_or_is_the_module(given: str) -> None:
    urls = f"from shop import urls as shop_urls\nurlpatterns = [path('a/', include({given}))]\n"
    shop_urls = "def home(request): ...\n\n\nurlpatterns = [path('b/', home)]\n"

    assert answered(urls, shop__urls=shop_urls) == ["? /a/b/ -> home"]


def test_a_view_beside_its_list_is_its_own_place() -> None:
    urls = "def home(request): ...\n\n\nurlpatterns = [path('b/', home)]\n"
    (route,) = service({**SITE, "site1/urls.py": urls}).routes

    assert str(route.place) == "site1/urls.py:1"


FUNCTION_URLS = """\
from django.urls import path
from shop import views

urlpatterns = [path("x/", views.answer)]
"""


@pytest.mark.parametrize(
    ("decorator", "methods"),
    [
        ('@api_view(["POST", "GET"])', "GET,POST"),
        ("@api_view()", "GET"),
        ("@require_POST", "POST"),
        ('@require_http_methods(["DELETE"])', "DELETE"),
        ("@login_required", "?"),
    ],
)
def test_a_function_answers_what_its_decorator_says(decorator: str, methods: str) -> None:
    assert answered(FUNCTION_URLS, f"{decorator}\ndef answer(request): ...\n") == [
        f"{methods} /x/ -> answer"
    ]


def test_methods_that_a_route_maps_are_its_own() -> None:
    urls = """\
from django.urls import path
from shop.views import OrderViewSet

urlpatterns = [path("x/", OrderViewSet.as_view({"get": "list", "post": "create"}))]
"""

    assert answered(urls) == ["GET /x/ -> OrderViewSet", "POST /x/ -> OrderViewSet.create"]


def test_lists_that_include_each_other_many_times_come_to_an_end() -> None:
    many = {
        f"site1/urls{number}.py": "".join(
            f"urlpatterns += [path('{part}/', include('site1.urls{number + 1}'))]\n"
            for part in "abcd"
        )
        for number in range(30)
    }
    files = {**SITE, **many, "site1/urls.py": "urlpatterns = [path('', include('site1.urls0'))]\n"}

    assert service(files).routes == ()

"""A small site of Django, to be inspected."""

from __future__ import annotations


def django_site(urls: str, views: str) -> dict[str, str]:
    """Return the files of a site whose only app is ``orders``.

    Args:
        urls: The text of its URLs.
        views: The text of the views of the app.
    """
    return {
        "manage.py": 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
        "shop/settings.py": 'INSTALLED_APPS = ["orders"]\nROOT_URLCONF = "shop.urls"\n',
        "shop/urls.py": urls,
        "orders/__init__.py": "",
        "orders/views.py": views,
    }

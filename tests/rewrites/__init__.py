"""Tests of the rewrites; ``cases`` holds what they share."""

import pytest

pytest.register_assert_rewrite("tests.rewrites.cases")

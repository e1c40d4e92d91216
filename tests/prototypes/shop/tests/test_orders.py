import pytest

from shop import create_app


@pytest.fixture
def client(tmp_path):
    app = create_app({'TESTING': True, 'DATABASE': str(tmp_path / 'test.db')})
    return app.test_client()


def test_order_can_be_read_after_it_was_made(client):
    made = client.post('/api/orders', json={'item': ' tea ', 'quantity': '2'})

    assert made.status_code == 201
    assert client.get(f"/api/orders/{made.get_json()['id']}").get_json()['item'] == 'tea'


def test_unknown_order(client):
    answer = client.get('/api/orders/99')

    assert answer.status_code == 404
    assert answer.get_json() == {'error': 'Order not found'}


def test_home_is_a_page(client):
    assert b'<h1>Shop</h1>' in client.get('/').data
